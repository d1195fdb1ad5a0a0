"""A run of an untuned objective: from the files that it reads to those that it writes, as those of any other run."""

import importlib
import logging
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from glossbench.checksums import add_checksums
from glossbench.data.documents import odd_tokens
from glossbench.errors import TrainingError
from glossbench.files import read_json, write_json
from glossbench.learning.devices import choose_device
from glossbench.learning.evaluation.metrics import run_columns, scores_of_test, silhouette
from glossbench.learning.evaluation.scores import macro_f1
from glossbench.learning.training.machine import machine
from glossbench.provenance import commit
from glossbench.settings.jobs import UntunedSettings

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class UntunedResult:
    """Predictions of a classifier that was fitted without fine-tuning an encoder."""

    labels: dict[str, np.ndarray]  # Labels (N,) by split: train, val and test
    doc_ids: list[str]  # Names of the N test documents
    predicted: dict[str, np.ndarray]  # Predicted classes (N,) of val and test
    C: float | None  # Inverse regularisation strength, chosen on validation; None if the classifier has none
    precision: str  # Floating-point type of the computation, e.g. "float32"
    embeddings: dict[str, np.ndarray] | None = None  # Embeddings (N, d) by split; None if the documents have none
    probe: str | None = None  # Kind of the probe on the embeddings; None if there is none
    n_parameters: int | None = None  # Number of parameters of the encoder; None if there is no encoder


def classify_untuned(
    settings: UntunedSettings, files: dict[str, str], output: dict[str, str], run_origin: dict[str, str]
) -> None:
    """Run an untuned objective on the CPU and write its files.

    Args:
        settings: The run's settings, as the rule passes them, and its seed.
        files: Named inputs of the rule, the card of the corpus among them.
        output: Paths of settings, metrics, predictions and timing.
        run_origin: Digests of what the run depends on, see ``glossbench.provenance.origin``.

    Raises:
        TrainingError: The untuned objective cannot be computed; the message names the run.
    """
    started = time.perf_counter()
    device = choose_device("cpu", settings.torch_threads)
    untuned = importlib.import_module(f"glossbench.learning.untuned.{settings.objective.classifier}")
    read = {name: Path(path) for name, path in files.items()}
    copies = read_json(read.pop("card"))["test_in_train"]
    try:
        found = untuned.classify(settings, read, device)
    except TrainingError as error:
        raise TrainingError(f"{settings.corpus}/{settings.encoder}/{settings.objective_key}: {error}") from None
    sizes = {f"n_{split}": len(labels) for split, labels in found.labels.items()}
    described = {**settings.model_dump(mode="json"), **sizes, "n_parameters": found.n_parameters, "n_trainable": 0}
    none = dict.fromkeys(("train_seconds", "seconds_per_epoch", "docs_per_second", "tokens_per_second"))
    seconds = {"total_seconds": time.perf_counter() - started, **none}
    about = {"precision": found.precision, "origin": run_origin, "commit": commit()}
    about |= odd_tokens(read["tokens"]) if "tokens" in read else {}
    labels = found.labels["test"]
    predictions = pd.DataFrame({"doc_id": found.doc_ids, "label": labels, "predicted": found.predicted["test"]})
    metrics = {
        **run_columns(described),
        **scores_of_test(predictions, copies),
        "val_macro_f1": macro_f1(found.labels["val"], found.predicted["val"]),
        "probe": found.probe,
        "probe_C": found.C,
        **dict.fromkeys(("best_epoch", "stop_epoch")),
        "origin": run_origin,
    }
    classes = settings.objective.training.silhouette_classes
    for split, of in (("val", "unit-norm"), ("test", settings.probe.silhouette)):
        points = found.embeddings and found.embeddings[split]
        value = None if points is None else silhouette(points, found.labels[split], classes, of)
        metrics[f"{split}_macro_silhouette"] = value
    write_json(output["settings"], described)
    write_json(output["timing"], {**seconds, **machine(device), **about})
    write_json(output["metrics"], metrics)
    predictions.to_parquet(output["predictions"], index=False)
    add_checksums(output.values())
    log.info("done: %s", seconds)
