"""Figures of runs without any spread: equal embeddings, equal scores, one document, no time at all."""

import numpy as np
import pandas as pd
import pytest
from glossbench.evidence.figures import adjacency, epoch_time, headline, learning_curves, projections, tuning
from glossbench.evidence.figures.style import styled
from made_up import curves, epochs, runs, scored, snapshots, trials
from made_up import projections as made_up_projections
from matplotlib.figure import Figure

ONE = runs({("mr", "bert-base", "gloss-o"): [0.5]})
SAME = [np.ones(4, dtype=np.float32)]


def assert_drawn(figure: Figure) -> None:
    with styled():
        figure.draw_without_rendering()
    for axes in figure.axes:
        assert np.isfinite([axes.get_xlim(), axes.get_ylim()]).all()


@pytest.mark.parametrize("sigma", [0.5, np.nan])
@pytest.mark.parametrize("size", [1, 8])
def test_equal_embeddings_have_a_graph(sigma, size):
    given = snapshots(size=size, epochs=(0, 1), sigma=sigma)
    assert_drawn(adjacency.draw(adjacency.frame(given.assign(embedding=SAME * len(given)))))


def test_documents_in_one_place_are_a_map():
    points = projections.frame(made_up_projections({"a": 3}, ("scl",)).assign(x=0.0, y=0.0))
    assert points[["x", "y"]].eq(0).all(axis=None)
    assert_drawn(projections.draw(points))


def test_an_epoch_that_takes_no_time_has_no_bars():
    table = epoch_time.frame(epochs(ONE, [[0.5]]).assign(**{f"seconds_{part}": 0.0 for part in epoch_time.COLORS}))
    assert table["share"].eq(0).all()
    assert_drawn(epoch_time.draw(table))


def test_a_search_of_equal_settings_has_no_importances():
    given = trials(ONE, count=8).assign(state="complete", sigma=1.0, learning_rate=1e-5)
    table = tuning.frame(given)
    assert table.loc[table["kind"] == "importance", "importance"].isna().all()
    assert_drawn(tuning.draw(table))


def test_equal_scores_have_room_around_them():
    assert_drawn(headline.draw(headline.frame(scored({"ce": [0.5, 0.5], "scl": [0.5]}))))
    assert_drawn(learning_curves.draw(learning_curves.frame(curves({("ce", 0): [0.5, 0.5], ("ce", 1): [0.5]}))))
    assert_drawn(learning_curves.draw(learning_curves.frame(pd.concat([curves({("ce", 0): [0.0]})]))))
