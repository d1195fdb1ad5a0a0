"""Maps of test embeddings, degenerate ones among them."""

import logging

import numpy as np
import pytest
from glossbench.learning.evaluation.projecting import project
from glossbench.settings.training import Maps

MAPS = Maps(perplexity=5.0, seed=0, max_documents=100)


def placed(embeddings: np.ndarray):
    count = len(embeddings)
    return project(embeddings, np.zeros(count, dtype=int), np.array([f"d{n}" for n in range(count)]), MAPS)


@pytest.mark.parametrize("embeddings", [np.ones((20, 4)), np.zeros((20, 4)), np.ones((1, 4)), np.eye(4)[:2]])
def test_documents_that_cannot_be_told_apart_lie_at_the_origin_with_a_line_in_the_log(embeddings, caplog):
    with caplog.at_level(logging.WARNING):
        found = placed(embeddings)
    assert found[["x", "y"]].eq(0).all(axis=None)
    assert len(found) == len(embeddings)
    assert "t-SNE needs at least 3 documents that are not all equal" in caplog.text


def test_others_are_placed_apart():
    found = placed(np.random.default_rng(0).normal(size=(20, 4)))
    assert np.isfinite(found[["x", "y"]]).all(axis=None)
    assert len(found[["x", "y"]].drop_duplicates()) == 20
