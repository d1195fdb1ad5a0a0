"""Learning curves: what is drawn, and where."""

import pandas as pd
import pytest
from figure_texts import panels
from glossbench.evidence.figures import learning_curves
from made_up import curves
from matplotlib.collections import PolyCollection

CURVES = {("ce", 0): [0.5, 0.7, 0.9], ("ce", 1): [0.3, 0.6], ("scl", 0): [0.1, 0.2]}


def test_curves_are_the_mean_over_the_seeds_still_running():
    table = learning_curves.frame(curves(CURVES)).set_index(["objective", "epoch"])
    ce = table.loc["ce"]
    assert ce["mean"].to_list() == pytest.approx([0.4, 0.65, 0.9])
    assert ce["low"].to_list() == pytest.approx([0.3, 0.6, 0.9])
    assert ce["high"].to_list() == pytest.approx([0.5, 0.7, 0.9])
    assert ce["n_seeds"].to_list() == [2, 2, 1]
    assert ce["n_stopped"].to_list() == [0, 1, 0]
    assert table.loc["scl", "mean"].to_list() == pytest.approx([0.1, 0.2])  # silhouette, the standalone score


def test_a_panel_shows_a_line_an_objective_a_band_over_seeds_and_where_a_seed_stops():
    integrated, standalone = panels(learning_curves.draw(learning_curves.frame(curves(CURVES))))
    line, stops = integrated.get_lines()
    assert line.get_label() == "ce"
    assert line.get_ydata() == pytest.approx([0.4, 0.65, 0.9])
    assert stops.get_xdata().tolist() == [2]
    (band,) = [item for item in integrated.collections if isinstance(item, PolyCollection)]
    assert band.get_paths()[0].get_extents().ymax == pytest.approx(0.9)
    assert not standalone.collections  # one seed has no band
    assert integrated.get_ylabel() == "MiniLM-L6\nmacro-F1"
    assert standalone.get_ylabel() == "MiniLM-L6\nmacro-silhouette"


def test_corpora_are_columns_and_a_missing_combination_says_so():
    given = pd.concat([curves(CURVES, "mr"), curves({("ce", 0): [0.5, 0.6]}, "r8", "bert-base")])
    shown = panels(learning_curves.draw(learning_curves.frame(given)))
    assert len(shown) == 2 * 2 + 1
    assert [axes.get_title() for axes in shown] == ["MR", "R8", "", "", "MR"]
    texts = [[text.get_text() for text in axes.texts] for axes in shown]
    assert texts == [[], ["not run"], ["not run"], [], []]


def test_an_objective_has_its_colour_whatever_else_is_shown():
    colors = []
    for keys in (["gloss-sqrt-ce"], ["ce", "scl-ce", "gloss-sqrt-ce"]):
        figure = learning_curves.draw(learning_curves.frame(curves({(key, 0): [0.1, 0.2] for key in keys})))
        colors.append({line.get_label(): line.get_color() for line in panels(figure)[0].get_lines()}["gloss-sqrt-ce"])
    assert colors[0] == colors[1]
