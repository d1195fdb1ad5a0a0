"""Figures F2 to F4: one setting against the corpora."""

import numpy as np
import pandas as pd
import pytest
from glossbench.evidence.figures import heatmap
from made_up import coverage, scored
from matplotlib.patches import Rectangle
from registered import FIGURES

GRID = {
    "gloss-o-ce": [0.80, 0.90],
    "gloss-o-ce+weight=0.3": [0.70, 0.74],
    "gloss-o-ce+weight=0.7": [0.80],
    "gloss-o-ce+weight=x0.9": [0.10],
    "gloss-o-ce+sigma=x2": [0.20],
    "gloss-o-ce+sigma=x1.1": [0.21],
    "gloss-o-ce+sigma=0.4": [0.22],
    "gloss-o-ce+weight=0.3+sigma=x2": [0.30],
    "gloss-o-ce@reference": [0.40],
    "ce": [0.50],
}
RUNS = scored(GRID, weight=0.7, labeled_fraction=0.5, sigma=0.5)
WEIGHT, LABELED_FRACTION, SIGMA = (FIGURES[key].settings for key in ("weight", "labeled_fraction", "sigma"))


def texts(axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def test_a_cell_is_the_mean_over_seeds_and_the_plain_objective_stands_at_its_own_value():
    table = heatmap.frame(runs=RUNS, **WEIGHT).set_index("value")
    assert table.index.to_list() == [0.3, 0.7]
    assert table["mean"].to_list() == pytest.approx([72, 85])
    assert table["std"].to_list() == pytest.approx([np.std([70, 74], ddof=1), np.std([80, 90], ddof=1)])
    assert table["n_seeds"].to_list() == [2, 2]  # the plain run of seed 0 and weight=0.7 are one
    assert table["chosen"].to_list() == [False, True]


def test_multiples_of_sigma_stand_beside_the_plain_objective_as_one():
    table = heatmap.frame(runs=RUNS, **SIGMA)
    assert table["value"].to_list() == [1, 2]  # neither a step of the sensitivity nor a width by itself
    assert table["mean"].to_list() == pytest.approx([85, 20])


def test_a_setting_that_was_not_varied_shows_nothing_and_says_so():
    table = heatmap.frame(runs=RUNS, **LABELED_FRACTION)
    assert table.empty
    assert texts(heatmap.draw(table, **LABELED_FRACTION)) == ["nothing to draw: no such runs"]


@pytest.mark.parametrize(
    ("settings", "varied", "symbol"),
    [(WEIGHT, "weight=0.3", "λ"), (LABELED_FRACTION, "labeled_fraction=0.3", "γ"), (SIGMA, "sigma=x2", "σ")],
)
def test_the_axis_names_the_setting_by_its_symbol(settings, varied, symbol):
    table = heatmap.frame(runs=scored({"gloss-o-ce": [0.5], f"gloss-o-ce,{varied}": [0.6]}), **settings)
    assert heatmap.draw(table, **settings).axes[0].get_xlabel().endswith(symbol)


def test_the_choice_of_rows_needs_the_keys_alone():
    chosen = heatmap.select(coverage(RUNS), **WEIGHT)
    assert set(chosen["objective"]) == {"gloss-o-ce", "gloss-o-ce+weight=0.3", "gloss-o-ce+weight=0.7"}
    assert chosen["finished"].all()


def test_a_preset_is_an_objective_of_its_own():
    runs = scored({"gloss-o-ce@reference+weight=0.3": [0.5], **GRID}, weight=0.7)
    table = heatmap.frame(runs=runs, **WEIGHT)
    assert set(table["objective"]) == {"gloss-o-ce", "gloss-o-ce@reference"}
    titles = [axes.get_title() for axes in heatmap.draw(table, **WEIGHT).axes[:2]]
    assert titles == ["G-Loss-O + CE", "G-Loss-O + CE (reference)"]


def test_the_best_is_bold_the_chosen_framed_and_a_missing_cell_a_dash():
    other = scored({"gloss-o-ce": [0.6], "gloss-o-ce+weight=0.9": [0.65]}, corpus="r8", weight=0.7)
    table = heatmap.frame(runs=pd.concat([RUNS, other]), **WEIGHT)
    axes = heatmap.draw(table, **WEIGHT).axes[0]
    assert texts(axes) == ["72.0", "85.0", "–", "–", "60.0", "65.0"]
    assert [text.get_text() for text in axes.texts if text.get_weight() == "bold"] == ["85.0", "65.0"]
    framed = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    assert [(round(patch.get_x() + 0.44), round(patch.get_y() + 0.42)) for patch in framed] == [(1, 0), (1, 1)]
    below = axes.images[0].get_array()
    assert below.filled(np.nan)[0] == pytest.approx([-13, 0, np.nan], nan_ok=True)
