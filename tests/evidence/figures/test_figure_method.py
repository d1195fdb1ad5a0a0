"""Figure F1: the diagram's numbers are real."""

import numpy as np
import pandas as pd
import pytest
from glossbench.evidence.figures import method


def test_edges_and_probabilities_follow_from_the_nodes_by_the_papers_steps():
    table = method.frame()
    nodes, edges = table[table["kind"] == "node"], table[table["kind"] == "edge"]
    x = nodes[["x", "y"]].to_numpy(dtype=float)
    assert np.linalg.norm(x, axis=1) == pytest.approx(np.ones(len(x)))
    w = np.exp(-np.sum((x[:, None] - x[None, :]) ** 2, axis=2) / (2 * method.SIGMA**2))
    np.fill_diagonal(w, 0)
    first, second = edges["node"].astype(int), edges["other"].astype(int)
    assert edges["weight"].to_numpy(dtype=float) == pytest.approx(w[first, second])
    degree = w.sum(axis=1)
    t = w / np.sqrt(np.outer(degree, degree))
    t = t / t.sum(axis=0)
    t = t / t.sum(axis=1, keepdims=True)
    hidden = ~nodes["labeled"].to_numpy(dtype=bool)
    known = np.eye(2)[nodes["label"].to_numpy(dtype=int)][~hidden]
    given = np.linalg.solve(np.eye(hidden.sum()) - t[np.ix_(hidden, hidden)], t[np.ix_(hidden, ~hidden)] @ known)
    np.testing.assert_allclose(nodes.loc[hidden, ["p_0", "p_1"]].to_numpy(dtype=float), given, rtol=1e-9)
    true = given[np.arange(hidden.sum()), nodes["label"].to_numpy(dtype=int)[hidden]]
    assert nodes.loc[hidden, "loss"].to_numpy(dtype=float) == pytest.approx(-np.log(true))


def test_the_picture_shows_these_numbers():
    table = method.frame()
    hidden = table[table["loss"].notna()]
    (axes,) = method.draw(table).axes
    texts = [text.get_text() for text in axes.texts]
    for _, node in hidden.iterrows():
        assert f"{node['p_0']:.2f}" in texts
        assert f"−log p = {node['loss']:.2f}" in texts
    assert f"G-Loss = {hidden['loss'].mean():.2f}" in texts


def test_it_stands_on_no_run():
    assert method.select(pd.DataFrame({"objective": ["ce"]})).empty
