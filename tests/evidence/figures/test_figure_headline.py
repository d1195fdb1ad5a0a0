"""Scores at a glance: a marker, an interval and a range per objective."""

import math

import numpy as np
import pandas as pd
import pytest
from glossbench.evidence.figures import headline
from made_up import by_corpus


def test_rows_hold_mean_students_interval_and_range_in_percent():
    table = headline.frame(
        by_corpus({("mr", "ce"): [0.7, 0.8], ("mr", "scl"): [0.6], ("mr", "ce+learning_rate=1e-05"): [0.9]})
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
    spans = [line.get_xdata() for line in axes.get_lines() if np.ptp(line.get_xdata()) > 0]
    assert len(spans) == 2  # interval and range of ce
    low, high = axes.get_xlim()
    assert (low, high) == pytest.approx((70 - 1, 80 + 1))


def test_panels_of_a_corpus_have_one_scale_and_a_line_for_each_floor():
    table = headline.frame(by_corpus({("mr", "ce"): [0.7, 0.8], ("mr", "scl"): [0.6]}))
    untuned = table[:1].assign(
        protocol="untuned", objective="tfidf", mean=65.0, least=65.0, most=65.0, low=np.nan, high=np.nan
    )
    integrated, standalone = headline.draw(pd.concat([table, untuned], ignore_index=True)).axes
    assert integrated.get_xlim() == standalone.get_xlim() == pytest.approx((60 - 2, 80 + 2))
    for axes in (integrated, standalone):
        assert [65.0, 65.0] in [list(line.get_xdata()) for line in axes.get_lines()]
    (alone,) = headline.draw(untuned).axes
    assert [text.get_text() for text in alone.get_yticklabels()] == ["tf-idf"]


def test_an_objective_that_fails_is_a_number_at_the_edge_and_leaves_the_scale_to_the_others():
    scores = {"ce": 0.90, "scl-ce": 0.91, "gloss-sqrt-ce": 0.92, "group-ce": 0.93, "gloss-o-ce": 0.134}
    (axes,) = headline.draw(headline.frame(by_corpus({("mr", key): [score] for key, score in scores.items()}))).axes
    assert axes.get_xlim() == pytest.approx((90 - 0.5, 93 + 0.5))
    assert [text.get_text() for text in axes.texts] == ["◂ 13.4"]
