"""Figures of embeddings: the method (F1), one fixed mini-batch through the epochs (F5), maps of test embeddings (F6)."""

import numpy as np
import pandas as pd
import pytest
import torch
from glossbench.evidence.figures import adjacency, method, projections, style
from glossbench.sigma import estimate_sigma
from matplotlib.collections import LineCollection

from tests.support.figure_texts import panels, texts
from tests.support.made_up import projections as made_up_projections
from tests.support.made_up import snapshots

SMALL = snapshots(classes=("a", "b"), size=9, epochs=(0, 1, 4), sigma=0.4)
R52 = {f"class-{label:02d}": 1 + label % 7 for label in range(52)}


def test_numbers_of_the_method_follow_from_its_nodes_by_the_papers_steps_and_are_shown():
    table = method.tidy()
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
    labels = nodes["label"].to_numpy(dtype=int)
    known = np.eye(2)[labels][~hidden]
    given = np.linalg.solve(np.eye(hidden.sum()) - t[np.ix_(hidden, hidden)], t[np.ix_(hidden, ~hidden)] @ known)
    np.testing.assert_allclose(nodes.loc[hidden, ["p_0", "p_1"]].to_numpy(dtype=float), given, rtol=1e-9)
    losses = -np.log(given[np.arange(hidden.sum()), labels[hidden]])
    assert nodes.loc[hidden, "loss"].to_numpy(dtype=float) == pytest.approx(losses)
    shown = texts(method.draw(table).axes[0])
    wanted = {f"{p:.2f}" for p in given.ravel()} | {f"−log p = {loss:.2f}" for loss in losses}
    assert {*wanted, f"G-Loss = {losses.mean():.2f}"} < set(shown)


def test_affinities_are_those_of_the_unit_rows_ordered_by_class():
    table = adjacency.tidy(snapshots=SMALL.sample(frac=1, random_state=0))
    assert table["epoch"].unique().tolist() == [0, 1, 4]
    own = table[table["epoch"] == 4]
    assert len(own) == 9 * 8 / 2
    batch = SMALL[SMALL["epoch"] == 4].sort_values(["label", "position"])
    assert own["first_class"].to_list() == batch["class_name"].iloc[own["first"]].to_list()
    for pair in own.itertuples():
        x, y = (batch["embedding"].iloc[place].astype(float) for place in (pair.first, pair.second))
        apart = np.sum((x / np.linalg.norm(x) - y / np.linalg.norm(y)) ** 2)
        assert pair.affinity == pytest.approx(np.exp(-apart / (2 * 0.4**2)))
        assert pair.distance == pytest.approx(apart**0.5)


def test_first_and_last_epoch_are_always_among_those_shown():
    shown = adjacency.tidy(snapshots=snapshots(size=4, epochs=tuple(range(0, 41, 2))))["epoch"].unique().tolist()
    assert (len(shown), shown[0], shown[-1]) == (adjacency.SHOWN, 0, 40)


def test_an_objective_without_sigma_borrows_one_or_estimates_it():
    plain = snapshots(classes=("a", "b"), size=9, epochs=(0,), objectives=("scl",), sigma=np.nan)
    both = adjacency.tidy(snapshots=pd.concat([SMALL, plain, SMALL.assign(seed=1)], ignore_index=True))
    assert both.loc[both["objective"] == "scl", "sigma"].unique().tolist() == [0.4]
    assert set(both["seed"]) == {0}  # one batch of each objective
    points = torch.tensor(np.stack(plain["embedding"].to_list()))
    assert adjacency.tidy(snapshots=plain)["sigma"].unique() == pytest.approx(estimate_sigma(points))


def test_a_graph_has_the_strongest_edges_of_each_document_and_keeps_distances_in_a_plane():
    affinity = np.array([[0, 9, 1, 2, 3], [9, 0, 8, 7, 1], [1, 8, 0, 6, 2], [2, 7, 6, 0, 4], [3, 1, 2, 4, 0]]) / 10
    places = np.random.default_rng(0).normal(size=(5, 2))
    distances = np.linalg.norm(places[:, None] - places[None, :], axis=2)
    first, second = np.triu_indices(5, k=1)
    pairs = {
        "first": first,
        "second": second,
        "distance": distances[first, second],
        "affinity": affinity[first, second],
    }
    about = {"corpus": "mr", "encoder": "bert-base", "protocol": "standalone", "objective": "gloss-o", "seed": 0}
    about |= {f"{side}_{what}": 0 for side in ("first", "second") for what in ("label", "class")}
    table = pd.concat([pd.DataFrame({**pairs, **about, "sigma": 0.5, "epoch": epoch}) for epoch in (0, 1)])
    heat, *_, graph, _ = panels(adjacency.draw(table))  # the last is the colour bar
    shown = heat.images[-1].get_array().filled(np.nan)
    np.testing.assert_array_equal(shown, np.where(np.eye(5), np.nan, affinity))
    lines = [item for item in graph.collections if isinstance(item, LineCollection)]
    (points,) = [item.get_offsets() for item in graph.collections if item not in lines]
    np.testing.assert_allclose(np.linalg.norm(points[:, None] - points[None, :], axis=2), distances, atol=1e-9)
    ends = [line for item in lines for line in item.get_segments()]
    near = [[int(np.linalg.norm(points - end, axis=1).argmin()) for end in line] for line in ends]
    edges = {(0, 1), (0, 3), (0, 4), (1, 2), (1, 3), (2, 3), (2, 4), (3, 4)}  # not (0, 2), (1, 4)
    assert {tuple(sorted(edge)) for edge in near} == edges


def test_projection_keeps_shape_and_gives_the_largest_class_the_first_look():
    points = projections.tidy(made_up_projections({"small": 2, "large": 5}, ("ce", "gloss-sqrt-ce"), (3, 1)))
    assert set(points["seed"]) == {1}
    assert dict(zip(points["class_name"], points["place"], strict=True)) == {"large": 0, "small": 1}
    one = points[points["objective"] == "ce"]
    assert (one["x"].min(), one["x"].max()) == pytest.approx((-1, 1))
    # documents span 60 in x and 5 in y: one scale for both axes keeps distances
    assert np.ptp(one["y"]) / np.ptp(one["x"]) == pytest.approx(5 / 60)


def test_projection_shows_the_objectives_side_by_side_with_every_document_and_class():
    figure = projections.draw(projections.tidy(made_up_projections(R52, ("scl", "gloss-sqrt"))))
    left, right = panels(figure)
    assert (left.get_ylabel(), left.get_title(), right.get_title()) == ("MiniLM-L6", "SCL", "G-Loss-SQRT")
    for axes in (left, right):
        assert sum(len(drawn.get_offsets()) for drawn in axes.collections) == sum(R52.values())
        assert axes.get_aspect() == 1
    (legend,) = [legend for part in figure.subfigs for legend in part.legends]
    assert sorted(text.get_text() for text in legend.get_texts()) == sorted(R52)
    assert len({tuple(style.class_look(place).values()) for place in range(52)}) == 52
