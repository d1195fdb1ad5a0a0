"""Metrics and predictions of a run from its files; needs neither encoder nor weights."""

from collections.abc import Collection
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from glossbench.learning.evaluation.scores import accuracy, macro_f1, macro_silhouette
from glossbench.settings.losses import LOSSES, model_of, setting_columns
from glossbench.settings.training import Probe


def evaluate(
    settings: dict[str, Any],
    epochs: pd.DataFrame,
    embeddings: dict[str, np.ndarray],
    logits: dict[str, np.ndarray],
    probe: Probe,
    copies: Collection[str],
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Evaluate a run on the test documents.

    Args:
        settings: Content of the run's settings.json.
        epochs: Content of its epochs.csv.
        embeddings: {split} (N, d), {split}_label (N,) and {split}_doc_id (N,) of each stored split.
        logits: {split} (N, C), in the integrated protocol.
        probe: How embeddings are evaluated.
        copies: See ``scores_of_test``.

    Returns:
        The metrics (fractions), and one row per test document with its label and prediction.
    """
    training, best = settings["objective"]["training"], epochs[epochs["best"]]
    tested = (epochs if training["test_weights"] == "last" else best).iloc[-1]
    protocol = settings["objective"]["protocol"]
    predicted, probed_macro_f1, strength = classify(protocol, embeddings, logits, probe)
    standalone = protocol == "standalone"
    labels, classes = embeddings["test_label"], training["silhouette_classes"]
    predictions = pd.DataFrame({"doc_id": embeddings["test_doc_id"], "label": labels, "predicted": predicted})
    metrics = {
        **run_columns(settings),
        "val_macro_f1": probed_macro_f1 if standalone else tested["val_macro_f1"],
        "val_macro_silhouette": tested["val_macro_silhouette"] if standalone else None,
        "probe": probe.kind if standalone else None,
        "probe_C": strength,
        **scores_of_test(predictions, copies),
        "test_macro_silhouette": silhouette(embeddings["test"], labels, classes, probe.silhouette),
        "best_epoch": int(best["epoch"].max()),
        "stop_epoch": int(epochs["epoch"].max()),
    }
    return metrics, predictions


@threadpool_limits.wrap(limits=1)  # results must not depend on the number of threads
def classify(
    protocol: str, embeddings: dict[str, np.ndarray], logits: dict[str, np.ndarray], probe: Probe
) -> tuple[np.ndarray, float | None, float | None]:
    """Predicted classes (N,) of test documents: the head's or, in the standalone protocol, those of the linear probe.

    Arguments are as ``evaluate`` takes them.

    Returns:
        The classes, and of the probe its macro-F1 on validation documents and its C, None where there is none.
    """
    if protocol == "integrated":
        return logits["test"].argmax(axis=1), None, None
    from glossbench.learning.evaluation.probing import fit_probe  # scikit-learn is imported only if it is needed

    points = {name: embeddings[name].astype(np.float32) for name in ("train", "val", "test")}
    train, val = ((points[name], embeddings[f"{name}_label"]) for name in ("train", "val"))
    fitted, strength = fit_probe(train, val, probe)
    return fitted.predict(points["test"]), macro_f1(val[1], fitted.predict(val[0])), strength


def scores_of_test(predictions: pd.DataFrame, copies: Collection[str]) -> dict[str, Any]:
    """Accuracy and macro-F1 (fractions) on the test documents, and without those that are copies.

    Args:
        predictions: One row per test document: doc_id, label, predicted.
        copies: Ids of the corpus's test documents whose text is also in train or validation, whether or not the run
            itself used these splits in full.

    Returns:
        test_accuracy and test_macro_f1; under the same names with _deduplicated those without copies (None if no
        document is left), and n_test_deduplicated, their number.
    """
    kept = predictions[~predictions["doc_id"].isin(copies)]
    found: dict[str, Any] = {"n_test_deduplicated": len(kept)}
    for suffix, rows in (("", predictions), ("_deduplicated", kept)):
        for name, score in (("accuracy", accuracy), ("macro_f1", macro_f1)):
            value = score(rows["label"].to_numpy(), rows["predicted"].to_numpy()) if len(rows) else None
            found[f"test_{name}{suffix}"] = value
    return found


def silhouette(embeddings: np.ndarray, labels: np.ndarray, classes: str, of: str) -> float | None:
    """The macro-silhouette of "unit-norm" or "raw" embeddings, see ``macro_silhouette``; None if it is not defined."""
    value = macro_silhouette(embeddings, labels, classes, unit_norm=of == "unit-norm")
    return value if np.isfinite(value) else None


def run_columns(settings: dict[str, Any]) -> dict[str, Any]:
    """Keys and settings of a run from its settings.json; None where a setting does not apply to the run."""
    objective = settings["objective"]
    training = objective["training"]
    found = {**objective["loss_settings"], **training, **(settings.get("encoder_settings") or {}), **settings}
    found |= {**objective, "objective": settings["objective_key"], "tuned": bool(objective["tuned"])}
    losses = [*LOSSES.values(), model_of(objective["loss"], objective["loss_settings"])]
    columns = [
        "corpus", "encoder", "objective", "preset", "protocol", "seed", *setting_columns(losses), "weight", "tuned",
        "learning_rate", "batch_size", "patience", "max_length", "pooling", "layers", "trainable_layers",
        "n_train", "n_val", "n_test", "n_parameters", "n_trainable",
    ]  # fmt: skip
    return {**{name: found.get(name) for name in columns}, "max_epochs": training.get("epochs")}
