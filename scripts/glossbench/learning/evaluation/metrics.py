"""Metrics and predictions of a run from its files; needs neither encoder nor weights."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from glossbench.files import read_json
from glossbench.learning.evaluation.scores import accuracy, macro_f1, macro_silhouette
from glossbench.settings.losses import LOSSES, shown_settings
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
        settings: content of the run's settings.json.
        epochs: content of its epochs.csv.
        embeddings: {split} (N, d), {split}_label (N,) and {split}_doc_id (N,) of each stored split.
        logits: {split} (N, C), in the integrated protocol.
        probe: settings of the probe, see ``fit_probe``, and ``silhouette``, "unit-norm" or "raw" embeddings.
        copies: see ``scores``.

    Returns:
        The metrics (fractions), and one row per test document with its label and prediction.
    """
    tested = tested_epoch(settings, epochs)
    if settings["objective"]["protocol"] == "integrated":
        predicted = logits["test"].argmax(axis=1)
        chosen = {"val_macro_f1": tested["val_macro_f1"], "val_macro_silhouette": None, "probe": None, "probe_C": None}
    else:
        from glossbench.learning.evaluation.probing import fit_probe  # scikit-learn is imported only if it is needed

        split = {name: (embeddings[name].astype(np.float32), embeddings[f"{name}_label"]) for name in ("train", "val")}
        fitted, strength = fit_probe(split["train"], split["val"], probe)
        predicted = fitted.predict(embeddings["test"].astype(np.float32))
        chosen = {
            "val_macro_f1": macro_f1(split["val"][1], fitted.predict(split["val"][0])),
            "val_macro_silhouette": tested["val_macro_silhouette"],
            "probe": probe.kind,
            "probe_C": strength,
        }
    predictions = predictions_frame(embeddings["test_doc_id"], embeddings["test_label"], predicted)
    classes = settings["objective"]["training"]["silhouette_classes"]
    metrics = {
        **run_columns(settings),
        **chosen,
        **scores(predictions, copies),
        "test_macro_silhouette": silhouette(embeddings["test"], embeddings["test_label"], classes, probe.silhouette),
        "best_epoch": int(epochs.loc[epochs["best"], "epoch"].max()),
        "stop_epoch": int(epochs["epoch"].max()),
    }
    return metrics, predictions


def tested_epoch(settings: dict[str, Any], epochs: pd.DataFrame) -> pd.Series:
    """The row of the epoch whose weights are tested: the last, or the last that was the best so far."""
    if settings["objective"]["training"]["test_weights"] == "last":
        return epochs.iloc[-1]
    return epochs[epochs["best"]].iloc[-1]


def predictions_frame(doc_ids: Sequence[str], labels: np.ndarray, predicted: np.ndarray) -> pd.DataFrame:
    """The content of predictions.parquet: one row per test document."""
    return pd.DataFrame({"doc_id": doc_ids, "label": labels, "predicted": predicted})


def scores(predictions: pd.DataFrame, copies: Collection[str]) -> dict[str, Any]:
    """Accuracy and macro-F1 (fractions) on the test documents, and without those that are copies.

    Args:
        predictions: see ``predictions_frame``.
        copies: ids of the corpus's test documents whose text is also in train or validation, whether or not the run
            itself used these splits in full.

    Returns:
        test_accuracy and test_macro_f1; under the same names with _deduplicated those without copies (None if no
        document is left), and n_test_deduplicated, their number.
    """
    kept = predictions[~predictions["doc_id"].isin(copies)]
    found: dict[str, Any] = {}
    for suffix, rows in (("", predictions), ("_deduplicated", kept)):
        labels, predicted = rows["label"].to_numpy(), rows["predicted"].to_numpy()
        found[f"test_accuracy{suffix}"] = accuracy(labels, predicted) if len(rows) else None
        found[f"test_macro_f1{suffix}"] = macro_f1(labels, predicted) if len(rows) else None
    return {**found, "n_test_deduplicated": len(kept)}


def silhouette(embeddings: np.ndarray | None, labels: np.ndarray, classes: str, of: str) -> float | None:
    """The macro-silhouette of embeddings (N, d) as the study measures it; None if there are none or it is not defined.

    Args:
        embeddings: (N, d), or None.
        labels: (N,).
        classes: see ``macro_silhouette``.
        of: "unit-norm" or "raw" embeddings.
    """
    if embeddings is None:
        return None
    value = macro_silhouette(embeddings, labels, classes, unit_norm=of == "unit-norm")
    return value if np.isfinite(value) else None


def copies_of(card: Path) -> set[str]:
    """The ids of test documents whose text is also in train or validation, from a corpus's card.json."""
    return set(read_json(card)["test_in_train"])


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
        **{name: loss_settings.get(name) for name in shown_settings(LOSSES)},
        "weight": objective["weight"],
        **{name: training.get(name) for name in ("learning_rate", "batch_size", "patience")},
        "max_epochs": training.get("epochs"),
        "max_length": settings.get("max_length"),
        **{name: encoder.get(name) for name in ("pooling", "layers", "trainable_layers")},
        "tuned": bool(objective["tuned"]),
        **{name: settings[name] for name in ("n_train", "n_val", "n_test", "n_parameters", "n_trainable")},
    }
