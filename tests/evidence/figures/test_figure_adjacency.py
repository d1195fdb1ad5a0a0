"""Figure F5: one fixed mini-batch through the epochs."""

import numpy as np
import pandas as pd
import pytest
import torch
from figure_texts import panels
from glossbench.evidence.figures import adjacency
from glossbench.sigma import estimate_sigma
from made_up import keyed, snapshots
from matplotlib.collections import LineCollection

SMALL = snapshots(classes=("a", "b"), size=9, epochs=(0, 1, 4), sigma=0.4)


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
    table = adjacency.frame(snapshots=snapshots(size=4, epochs=tuple(range(0, 41, 2))))
    shown = table["epoch"].unique().tolist()
    assert len(shown) == adjacency.SHOWN
    assert (shown[0], shown[-1]) == (0, 40)


def test_an_objective_without_sigma_borrows_one_or_estimates_it():
    plain = snapshots(classes=("a", "b"), size=9, epochs=(0,), objectives=("scl",), sigma=np.nan)
    both = adjacency.frame(snapshots=pd.concat([SMALL, plain], ignore_index=True))
    assert both.loc[both["objective"] == "scl", "sigma"].unique().tolist() == [0.4]
    alone = adjacency.frame(snapshots=plain)
    points = torch.tensor(np.stack(plain["embedding"].to_list()))
    assert alone["sigma"].unique() == pytest.approx(estimate_sigma(points))


def drawn_graph(table: pd.DataFrame) -> tuple[np.ndarray, set[tuple[int, int]]]:
    """Places of the documents and the edges between them, from the last panel of the figure."""
    graph = panels(adjacency.draw(table))[-2]  # behind it is the colour bar
    points = np.concatenate(
        [marks.get_offsets() for marks in graph.collections if not isinstance(marks, LineCollection)]
    )
    ends = [line for lines in graph.collections if isinstance(lines, LineCollection) for line in lines.get_segments()]
    near = [[int(np.linalg.norm(points - end, axis=1).argmin()) for end in line] for line in ends]
    return points, {tuple(sorted(edge)) for edge in near}


def table_of(distances: np.ndarray, affinity: np.ndarray) -> pd.DataFrame:
    """What is drawn of documents of one class with these distances and affinities, before and after training."""
    first, second = np.triu_indices(len(distances), k=1)
    pairs = pd.DataFrame({"first": first, "second": second, "distance": distances[first, second]})
    pairs = pairs.assign(affinity=affinity[first, second], first_label=0, second_label=0)
    pairs = pairs.assign(first_class="a", second_class="a", corpus="mr", encoder="bert-base", protocol="standalone")
    return pd.concat([pairs.assign(objective="gloss-o", seed=0, sigma=0.5, epoch=epoch) for epoch in (0, 1)])


def test_the_heatmap_is_symmetric_without_a_diagonal():
    first, *_ = panels(adjacency.draw(adjacency.frame(snapshots=SMALL)))
    shown = first.images[-1].get_array().filled(np.nan)
    np.testing.assert_array_equal(shown, shown.T)
    assert np.isnan(shown.diagonal()).all()


def test_the_graph_has_the_strongest_edges_of_each_document():
    affinity = np.array([[0, 9, 1, 2, 3], [9, 0, 8, 7, 1], [1, 8, 0, 6, 2], [2, 7, 6, 0, 4], [3, 1, 2, 4, 0]]) / 10
    places = np.random.default_rng(0).normal(size=(5, 2))
    distances = np.linalg.norm(places[:, None] - places[None, :], axis=2)
    _, edges = drawn_graph(table_of(distances, affinity))
    assert edges == {(0, 1), (0, 3), (0, 4), (1, 2), (1, 3), (2, 3), (2, 4), (3, 4)}  # not (0, 2), (1, 4)


def test_documents_are_placed_so_that_distances_in_a_plane_are_kept():
    places = np.random.default_rng(0).normal(size=(12, 2))
    distances = np.linalg.norm(places[:, None] - places[None, :], axis=2)
    points, _ = drawn_graph(table_of(distances, np.exp(-(distances**2))))
    np.testing.assert_allclose(np.linalg.norm(points[:, None] - points[None, :], axis=2), distances, atol=1e-9)


def test_varied_settings_and_other_seeds_stay_out():
    others = [SMALL.assign(seed=1), keyed(SMALL.assign(objective="gloss-o+sigma=x2"))]
    given = pd.concat([SMALL, *others], ignore_index=True)
    pd.testing.assert_frame_equal(adjacency.frame(snapshots=given), adjacency.frame(snapshots=SMALL))
