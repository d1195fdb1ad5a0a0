"""Scores of a run without the test documents whose text is also in train or validation."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

import pandas as pd

from glossbench.learning.metrics import accuracy, macro_f1


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
