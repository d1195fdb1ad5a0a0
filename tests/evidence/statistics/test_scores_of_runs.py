"""Scores of runs, and mean, spread and interval of each cell."""

import math

import pandas as pd
import pytest
from glossbench.errors import GlossbenchError
from glossbench.evidence.statistics.pairs import paired, pairwise
from glossbench.evidence.statistics.scores import cells
from made_up import by_corpus


def test_cells_hold_mean_spread_and_an_interval_that_is_the_same_each_time():
    table = by_corpus({("mr", "scl"): [0.7, 0.8, 0.9], ("mr", "gloss-o"): [0.6]})
    scl, gloss = (row for _, row in cells(table, "accuracy").iterrows())
    assert (scl["n"], scl["mean"], scl["std"]) == (3, pytest.approx(0.8), pytest.approx(0.1))
    half = 4.302653 * 0.1 / math.sqrt(3)  # the quantile of Student's t with two degrees of freedom, from a table
    assert (scl["low"], scl["high"]) == pytest.approx((0.8 - half, 0.8 + half))
    assert math.isnan(gloss["std"])
    assert math.isnan(gloss["low"])
    assert gloss["reason"] == "one run: no spread"
    pd.testing.assert_frame_equal(cells(table, "accuracy"), cells(table.iloc[::-1], "accuracy"))


def test_scores_that_are_no_number_are_left_out():
    table = by_corpus({("mr", "scl"): [0.7, 0.8], ("mr", "gloss-o"): [0.6, 0.7]}).assign(test_macro_silhouette=math.nan)
    table.loc[0, "test_macro_silhouette"] = 0.5
    assert cells(table, "macro_silhouette")[["objective", "n"]].to_numpy().tolist() == [["scl", 1]]
    assert not len(paired(table, "gloss-o", "scl", "macro_silhouette"))
    assert not len(pairwise(table, "macro_silhouette"))
    with pytest.raises(GlossbenchError, match="no column speed or test_speed"):
        cells(table, "speed")
