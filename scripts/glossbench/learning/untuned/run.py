"""A run of an untuned objective: from the files that it reads to those that it writes, as those of any other run."""

import importlib
import logging
import time
from pathlib import Path
from typing import Any

from glossbench.errors import TrainingError
from glossbench.files import write_json
from glossbench.learning.devices import reproducible
from glossbench.learning.evaluation.metrics import copies_of, predictions_frame, run_columns, scores, silhouette
from glossbench.learning.evaluation.scores import macro_f1
from glossbench.learning.training.timing import machine
from glossbench.learning.untuned import Classified
from glossbench.provenance import commit
from glossbench.settings.jobs import UntunedSettings

log = logging.getLogger(__name__)
# What a run without training has no values for.
NO_EPOCHS = ("best_epoch", "stop_epoch")
NO_SECONDS = ("train_seconds", "seconds_per_epoch", "docs_per_second", "tokens_per_second")


def classify_untuned(
    settings: UntunedSettings, files: dict[str, str], output: dict[str, str], made_from: dict[str, str]
) -> None:
    """Run an untuned objective on the CPU and write its files.

    Args:
        settings: The run's settings, as the rule passes them, and its seed, which has no effect.
        files: Named inputs of the rule, the card of the corpus among them.
        output: Paths of settings, metrics, predictions and timing.
        made_from: Digests of what the run depends on, see ``glossbench.provenance.origin``.

    Raises:
        TrainingError: The untuned objective cannot be computed; the message names the run.
    """
    started = time.perf_counter()
    device = reproducible("cpu", settings.torch_threads)
    untuned = importlib.import_module(f"glossbench.learning.untuned.{settings.objective.classifier}")
    read = {name: Path(path) for name, path in files.items()}
    copies = copies_of(read.pop("card"))
    try:
        found = untuned.classify(settings, read, device)
    except TrainingError as error:
        raise TrainingError(f"{settings.corpus}/{settings.encoder}/{settings.objective_key}: {error}") from None
    sizes = {f"n_{split}": len(labels) for split, labels in found.labels.items()}
    described = {**settings.model_dump(mode="json"), **sizes, "n_parameters": found.n_parameters, "n_trainable": 0}
    seconds = {"total_seconds": time.perf_counter() - started, **dict.fromkeys(NO_SECONDS)}
    write_json(output["settings"], described)
    about = {"precision": found.precision, "origin": made_from, "commit": commit()}
    write_json(output["timing"], {**seconds, **machine(device), **about})
    predictions = predictions_frame(found.doc_ids, found.labels["test"], found.predicted["test"])
    metrics = {**metrics_of(found, settings, described), **scores(predictions, copies)}
    write_json(output["metrics"], {**metrics, "origin": made_from})
    predictions.to_parquet(output["predictions"], index=False)
    log.info("done: %s", seconds)


def metrics_of(found: Classified, settings: UntunedSettings, described: dict[str, Any]) -> dict[str, Any]:
    """The keys, settings and scores (fractions) of an untuned objective, under the names that every run has them."""
    classes = settings.objective.training.silhouette_classes
    embeddings = found.embeddings or {"val": None, "test": None}
    return {
        **run_columns(described),
        "val_macro_f1": macro_f1(found.labels["val"], found.predicted["val"]),
        "val_macro_silhouette": silhouette(embeddings["val"], found.labels["val"], classes, "unit-norm"),
        "test_macro_silhouette": silhouette(
            embeddings["test"], found.labels["test"], classes, settings.probe.silhouette
        ),
        "probe": found.probe,
        "probe_C": found.C,
        **dict.fromkeys(NO_EPOCHS),
    }
