"""A run of an untuned objective: from the files that it reads to those that it writes, as those of any other run."""

import importlib
import logging
import math
import time
from pathlib import Path
from typing import Any

import pandas as pd

from glossbench.errors import TrainingError
from glossbench.files import write_json
from glossbench.learning.devices import reproducible
from glossbench.learning.evaluation.metrics import run_columns
from glossbench.learning.evaluation.scores import accuracy, macro_f1, macro_silhouette
from glossbench.learning.training.timing import machine
from glossbench.learning.untuned import Classified
from glossbench.provenance import commit

log = logging.getLogger(__name__)
# What a run without training has no values for.
NO_EPOCHS = ("best_epoch", "stop_epoch")
NO_SECONDS = ("train_seconds", "seconds_per_epoch", "docs_per_second", "tokens_per_second")


def classify_untuned(
    settings: dict[str, Any], files: dict[str, str], output: dict[str, str], made_from: dict[str, str]
) -> None:
    """Run an untuned objective on the CPU and write its files.

    Args:
        settings: The run's settings, as the rule passes them, and its seed, which has no effect.
        files: Named inputs of the rule.
        output: Paths of settings, metrics, predictions and timing.
        made_from: Digests of what the run depends on, see ``glossbench.provenance.origin``.

    Raises:
        TrainingError: The untuned objective cannot be computed; the message names the run.
    """
    started = time.perf_counter()
    device = reproducible("cpu", settings.get("torch_threads", 1))
    untuned = importlib.import_module(f"glossbench.learning.untuned.{settings['objective']['classifier']}")
    try:
        found = untuned.classify(settings, {name: Path(path) for name, path in files.items()}, device)
    except TrainingError as error:
        raise TrainingError("{corpus}/{encoder}/{objective_key}: {}".format(error, **settings)) from None
    sizes = {f"n_{split}": len(labels) for split, labels in found.labels.items()}
    settings = {**settings, **sizes, "n_parameters": found.n_parameters, "n_trainable": 0}
    seconds = {"total_seconds": time.perf_counter() - started, **dict.fromkeys(NO_SECONDS)}
    write_json(output["settings"], settings)
    about = {"precision": found.precision, "origin": made_from, "commit": commit()}
    write_json(output["timing"], {**seconds, **machine(device), **about})
    write_json(output["metrics"], {**metrics_of(found, settings), "origin": made_from})
    labels, predicted = found.labels["test"], found.predicted["test"]
    predictions = pd.DataFrame({"doc_id": found.doc_ids, "label": labels, "predicted": predicted})
    predictions.to_parquet(output["predictions"], index=False)
    log.info("done: %s", seconds)


def metrics_of(found: Classified, settings: dict[str, Any]) -> dict[str, Any]:
    """The keys, settings and scores (fractions) of an untuned objective, under the names that every run has them."""
    scores, classes = {}, settings["objective"]["training"]["silhouette_classes"]
    unit_norm = {"val": True, "test": settings["probe"]["silhouette"] == "unit-norm"}
    for split, labels in ((split, found.labels[split]) for split in unit_norm):
        silhouette = math.nan
        if found.embeddings is not None:
            silhouette = macro_silhouette(found.embeddings[split], labels, classes, unit_norm=unit_norm[split])
        scores[f"{split}_macro_f1"] = macro_f1(labels, found.predicted[split])
        scores[f"{split}_macro_silhouette"] = None if math.isnan(silhouette) else silhouette
    return {
        **run_columns(settings),
        **scores,
        "test_accuracy": accuracy(found.labels["test"], found.predicted["test"]),
        "probe": found.probe,
        "probe_C": found.C,
        **dict.fromkeys(NO_EPOCHS),
    }
