"""Metrics and predictions of a run from its files; needs neither encoder nor weights."""

from typing import Any

import numpy as np
import pandas as pd

from glossbench.learning.metrics import accuracy, macro_f1, macro_silhouette
from glossbench.learning.run_columns import run_columns


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
        from glossbench.learning.probing import fit_probe  # scikit-learn is imported only if it is needed

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
