"""Scores at a glance: a marker, an interval and a range per objective."""

import math

import numpy as np
import pandas as pd
import pytest
from glossbench.evidence.figures import headline
from made_up import by_corpus


def test_rows_hold_mean_students_interval_and_range_in_percent():
    table = headline.frame(
        by_corpus({("mr", "ce"): [0.7, 0.8], ("mr", "scl"): [0.6], ("mr", "ce,learning_rate=1e-05"): [0.9]})
    )
    assert table["objective"].to_list() == ["ce", "scl"]  # changed settings are left out
    ce, scl = (row for _, row in table.iterrows())
    half = math.tan(0.475 * math.pi) * 5  # t with one degree of freedom, times the standard error
    assert ce[["n", "mean", "least", "most"]].to_list() == [2, pytest.approx(75), pytest.approx(70), pytest.approx(80)]
    assert (ce["low"], ce["high"]) == pytest.approx((75 - half, 75 + half))
    assert (scl["mean"], np.isnan(scl["low"])) == (pytest.approx(60), True)


def test_one_run_is_a_marker_alone_and_the_panel_is_as_wide_as_the_runs():
    table = headline.frame(by_corpus({("mr", "ce"): [0.7, 0.8], ("mr", "scl-ce"): [0.75]}))
    (axes,) = headline.draw(table).axes
    spans = [line.get_xdata() for line in axes.get_lines() if len(line.get_xdata()) == 2 and np.ptp(line.get_xdata())]
    assert len(spans) == 2  # interval and range of ce
    low, high = axes.get_xlim()
    assert (low, high) == pytest.approx((70 - 6, 80 + 6))


def test_any_protocol_has_a_block_of_its_own():
    table = headline.frame(by_corpus({("mr", "ce"): [0.7, 0.8], ("mr", "scl"): [0.6]}))
    floor = pd.concat([table, table[:1].assign(protocol="floor", low=math.nan, high=math.nan)], ignore_index=True)
    assert len(headline.draw(floor).axes) == 3
