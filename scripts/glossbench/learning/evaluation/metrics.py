"""Metrics and predictions of a run from its files; needs neither encoder nor weights."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from glossbench.learning.evaluation.scores import accuracy, macro_f1, macro_silhouette


def evaluate(
    settings: dict[str, Any],
    epochs: pd.DataFrame,
    embeddings: dict[str, np.ndarray],
    logits: dict[str, np.ndarray],
    probe: dict[str, Any],
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Evaluate a run on the test documents.

    Args:
        settings: content of the run's settings.json.
        epochs: content of its epochs.csv.
        embeddings: {split} (N, d), {split}_label (N,) and {split}_doc_id (N,) of each stored split.
        logits: {split} (N, C), in the integrated protocol.
        probe: settings of the probe, see ``fit_probe``, and ``silhouette``, "unit-norm" or "raw" embeddings.

    Returns:
        The metrics (fractions), and one row per test document with its label and prediction.
    """
    labels = embeddings["test_label"]
    tested = tested_epoch(settings, epochs)
    metrics = run_columns(settings)
    if settings["objective"]["protocol"] == "integrated":
        predicted = logits["test"].argmax(axis=1)
        metrics.update(val_macro_f1=tested["val_macro_f1"], val_macro_silhouette=None, probe=None, probe_C=None)
    else:
        from glossbench.learning.evaluation.probing import fit_probe  # scikit-learn is imported only if it is needed

        split = {name: (embeddings[name].astype(np.float32), embeddings[f"{name}_label"]) for name in ("train", "val")}
        fitted, strength = fit_probe(split["train"], split["val"], probe)
        predicted = fitted.predict(embeddings["test"].astype(np.float32))
        metrics.update(
            val_macro_f1=macro_f1(split["val"][1], fitted.predict(split["val"][0])),
            val_macro_silhouette=tested["val_macro_silhouette"],
            probe=probe["kind"],
            probe_C=strength,
        )
    classes = settings["objective"]["training"]["silhouette_classes"]
    silhouette = macro_silhouette(embeddings["test"], labels, classes, unit_norm=probe["silhouette"] == "unit-norm")
    metrics.update(
        test_accuracy=accuracy(labels, predicted),
        test_macro_f1=macro_f1(labels, predicted),
        test_macro_silhouette=silhouette if np.isfinite(silhouette) else None,
        best_epoch=int(epochs.loc[epochs["best"], "epoch"].max()),
        stop_epoch=int(epochs["epoch"].max()),
    )
    predictions = pd.DataFrame({"doc_id": embeddings["test_doc_id"], "label": labels, "predicted": predicted})
    return metrics, predictions


def tested_epoch(settings: dict[str, Any], epochs: pd.DataFrame) -> pd.Series:
    """The row of the epoch whose weights are tested: the last, or the last that was the best so far."""
    if settings["objective"]["training"]["test_weights"] == "last":
        return epochs.iloc[-1]
    return epochs[epochs["best"]].iloc[-1]


def deduplicated_scores(metrics: dict[str, Any], predictions: Path, copies: Collection[str] | None) -> dict[str, Any]:
    """Score the predictions that a run left, without these test documents.

    Args:
        metrics: Content of the run's metrics.json.
        predictions: The run's predictions.parquet, which is read only if there are copies.
        copies: Ids of the corpus's test documents whose text is also in train or validation, whether or not the run
            itself used these splits in full; None if they are not known.

    Returns:
        test_accuracy_deduplicated and test_macro_f1_deduplicated (fractions; None if no document is left), and
        n_test_deduplicated. Without copies they are the scores and the size of the whole test split.
    """
    if copies is None:
        return dict.fromkeys(("test_accuracy_deduplicated", "test_macro_f1_deduplicated", "n_test_deduplicated"))
    scores, n_test = {name: metrics[name] for name in ("test_accuracy", "test_macro_f1")}, metrics["n_test"]
    if copies:
        made = pd.read_parquet(predictions)
        kept = made[~made["doc_id"].isin(copies)]
        labels, predicted, n_test = kept["label"].to_numpy(), kept["predicted"].to_numpy(), len(kept)
        functions = {"test_accuracy": accuracy, "test_macro_f1": macro_f1}
        scores = {name: score(labels, predicted) if n_test else None for name, score in functions.items()}
    return {**{f"{name}_deduplicated": score for name, score in scores.items()}, "n_test_deduplicated": n_test}


LOSS_SETTINGS = ("sigma", "labeled_fraction", "temperature", "margin", "anchors_per_class")


def run_columns(settings: dict[str, Any]) -> dict[str, Any]:
    """Keys and settings of a run.

    Args:
        settings: content of the run's settings.json.

    Returns:
        A value for each column; None where a setting does not apply to the run.
    """
    objective = settings["objective"]
    loss_settings, training = objective["loss_settings"], objective["training"]
    encoder = settings.get("encoder_settings") or {}
    return {
        "corpus": settings["corpus"],
        "encoder": settings["encoder"],
        "objective": settings["objective_key"],
        "preset": objective["preset"],
        "protocol": objective["protocol"],
        "seed": settings["seed"],
        **{name: loss_settings.get(name) for name in LOSS_SETTINGS},
        "weight": objective["weight"],
        **{name: training.get(name) for name in ("learning_rate", "batch_size", "patience")},
        "max_epochs": training.get("epochs"),
        "max_length": settings.get("max_length"),
        **{name: encoder.get(name) for name in ("pooling", "layers", "trainable_layers")},
        "tuned": bool(objective["tuned"]),
        **{name: settings[name] for name in ("n_train", "n_val", "n_test", "n_parameters", "n_trainable")},
    }
