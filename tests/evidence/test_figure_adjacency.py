"""Figure F5: one fixed mini-batch through the epochs."""

import figure_frames as frames
import numpy as np
import pandas as pd
import pytest
import torch
from figure_texts import panels
from glossbench.evidence.figures import adjacency
from glossbench.graph import estimate_sigma

SMALL = frames.snapshots(classes=("a", "b"), size=9, epochs=(0, 1, 4), sigma=0.4)


def test_affinities_are_those_of_the_unit_rows_ordered_by_class():
    table = adjacency.frame(snapshots=SMALL.sample(frac=1, random_state=0))
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
    table = adjacency.frame(snapshots=frames.snapshots(size=4, epochs=tuple(range(0, 41, 2))))
    shown = table["epoch"].unique().tolist()
    assert len(shown) == adjacency.SHOWN
    assert (shown[0], shown[-1]) == (0, 40)


def test_an_objective_without_sigma_borrows_one_or_estimates_it():
    plain = frames.snapshots(classes=("a", "b"), size=9, epochs=(0,), objectives=("scl",), sigma=np.nan)
    both = adjacency.frame(snapshots=pd.concat([SMALL, plain], ignore_index=True))
    assert both.loc[both["objective"] == "scl", "sigma"].unique().tolist() == [0.4]
    alone = adjacency.frame(snapshots=plain)
    points = torch.tensor(np.stack(plain["embedding"].to_list()))
    assert alone["sigma"].unique() == pytest.approx(estimate_sigma(points))


def test_the_heatmap_is_symmetric_and_the_graph_has_the_strongest_edges_of_each_document():
    table = adjacency.frame(snapshots=SMALL)
    first, *_ = panels(adjacency.draw(table))
    shown = first.images[0].get_array().filled(np.nan)
    np.testing.assert_array_equal(shown, shown.T)
    assert np.isnan(shown.diagonal()).all()
    affinity = np.array([[0, 9, 1, 2, 3], [9, 0, 8, 7, 1], [1, 8, 0, 6, 2], [2, 7, 6, 0, 4], [3, 1, 2, 4, 0]]) / 10
    np.fill_diagonal(affinity, np.nan)
    edges = {tuple(edge) for edge in adjacency._strongest(affinity).tolist()}
    assert edges == {(0, 1), (0, 3), (0, 4), (1, 2), (1, 3), (2, 3), (2, 4), (3, 4)}  # not (0, 2), (1, 4)


def test_documents_are_placed_so_that_distances_in_a_plane_are_kept():
    points = np.random.default_rng(0).normal(size=(12, 2))
    distances = np.linalg.norm(points[:, None] - points[None, :], axis=2)
    placed = adjacency._principal_axes(distances)
    np.testing.assert_allclose(np.linalg.norm(placed[:, None] - placed[None, :], axis=2), distances, atol=1e-9)


def test_varied_settings_and_other_seeds_stay_out():
    given = pd.concat([SMALL, SMALL.assign(seed=1), SMALL.assign(objective="gloss-o,sigma=x2")], ignore_index=True)
    pd.testing.assert_frame_equal(adjacency.frame(snapshots=given), adjacency.frame(snapshots=SMALL))
