"""Scores without test documents whose text is also in train or validation, from the predictions that a run left."""

import pandas as pd
import pytest
from glossbench.learning.evaluation.metrics import deduplicated_scores

METRICS = {"test_accuracy": 0.6, "test_macro_f1": 0.5, "n_test": 5}
PREDICTIONS = pd.DataFrame({"doc_id": list("abcde"), "label": [0, 0, 0, 1, 1], "predicted": [0, 0, 1, 1, 0]})


@pytest.fixture
def predictions(tmp_path):
    path = tmp_path / "predictions.parquet"
    PREDICTIONS.to_parquet(path, index=False)
    return path


def test_copies_are_left_out_of_score_and_size(predictions):
    """Left are b, c and d: one of class 0 found, one missed, the one of class 1 found beside a wrong one."""
    found = deduplicated_scores(METRICS, predictions, {"a", "e", "a document that a subset left out"})
    assert found["test_accuracy_deduplicated"] == pytest.approx(2 / 3)
    assert found["test_macro_f1_deduplicated"] == pytest.approx((2 / 3 + 2 / 3) / 2)
    assert found["n_test_deduplicated"] == 3


def test_without_copies_nothing_is_read_and_the_scores_are_the_same(tmp_path):
    found = deduplicated_scores(METRICS, tmp_path / "missing", set())
    assert list(found.values()) == [0.6, 0.5, 5]


def test_nothing_is_said_where_all_are_copies_or_the_copies_are_not_known(predictions):
    assert list(deduplicated_scores(METRICS, predictions, set("abcde")).values()) == [None, None, 0]
    assert list(deduplicated_scores(METRICS, predictions, None).values()) == [None, None, None]
