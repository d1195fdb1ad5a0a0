"""The pre-trained encoder as it is, with the probe of the standalone protocol on its embeddings."""

from pathlib import Path

import numpy as np
import torch
from threadpoolctl import threadpool_limits

from glossbench.learning.encoder.encoder import Encoder
from glossbench.learning.encoder.loading import read_backbone
from glossbench.learning.evaluation.probing import fit_probe
from glossbench.learning.training.inputs import SPLITS, RunFiles, load_splits
from glossbench.learning.untuned import Classified
from glossbench.settings.jobs import UntunedSettings


def classify(settings: UntunedSettings, files: dict[str, Path], device: torch.device) -> Classified:
    """Encode the documents without dropout and fit the probe.

    Args:
        settings: ``subset``, ``encoder_settings`` and ``probe``.
        files: Tokens, manifest of the encoder and, where the study freezes layers, the output of these.
        device: Where documents are encoded.
    """
    run_files = RunFiles.of(files)
    splits = load_splits(settings, run_files, device)
    documents = {name: getattr(splits, name) for name in SPLITS}
    backbone, n_parameters = read_backbone(run_files.encoder, settings.encoder_settings, run_files.frozen)
    encoder = Encoder(backbone.to(device), settings.encoder_settings.pooling).eval()
    with torch.inference_mode():
        encoded = {name: encoder(split).float().cpu().numpy() for name, split in documents.items()}
    # other runs keep embeddings in half precision, and their probe reads these
    embeddings = {name: values.astype(np.float16).astype(np.float32) for name, values in encoded.items()}
    labels = {name: split.labels.cpu().numpy() for name, split in documents.items()}
    with threadpool_limits(1):  # results must not depend on the number of threads
        probe, strength = fit_probe(
            (embeddings["train"], labels["train"]), (embeddings["val"], labels["val"]), settings.probe
        )
        predicted = {name: probe.predict(embeddings[name]) for name in ("val", "test")}
    return Classified(
        labels,
        documents["test"].doc_ids,
        predicted,
        strength,
        precision="float32",
        embeddings={name: embeddings[name] for name in ("val", "test")},
        probe=settings.probe.kind,
        n_parameters=n_parameters,
    )
