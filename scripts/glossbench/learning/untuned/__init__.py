"""Untuned objectives: how far a corpus goes without fine-tuning. One module per untuned objective.

A module of this package has a function ``classify(settings, files, device)``, which returns a ``Classified``. An
objective of the protocol "untuned" names the module in config/objectives.yaml.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Classified:
    """Predictions of a classifier that was fitted without fine-tuning an encoder.

    Args:
        labels: Labels (N,) by split: train, val and test.
        doc_ids: Names of the N test documents.
        predicted: Predicted classes (N,) of val and test.
        C: Inverse regularisation strength, chosen on validation; None if the classifier has none.
        precision: Floating-point type of the computation, e.g. "float32".
        embeddings: Embeddings (N, d) of val and test; None if the documents have none.
        probe: Kind of the probe on the embeddings; None if there is none.
        n_parameters: Number of parameters of the encoder; None if there is no encoder.
    """

    labels: dict[str, np.ndarray]
    doc_ids: list[str]
    predicted: dict[str, np.ndarray]
    C: float | None
    precision: str
    embeddings: dict[str, np.ndarray] | None = None
    probe: str | None = None
    n_parameters: int | None = None
