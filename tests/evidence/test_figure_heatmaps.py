"""Figures F2 to F4: one setting against the corpora."""

import figure_frames as frames
import numpy as np
import pandas as pd
import pytest
from glossbench.evidence.figures import labeled_fraction, sigma, variations, weight
from glossbench.evidence.text.names import whole
from matplotlib.patches import Rectangle

GRID = {
    ("gloss-o-ce", 0): 0.80,
    ("gloss-o-ce", 1): 0.90,
    ("gloss-o-ce,weight=0.3", 0): 0.70,
    ("gloss-o-ce,weight=0.3", 1): 0.74,
    ("gloss-o-ce,weight=0.7", 0): 0.80,
    ("gloss-o-ce,weight=x0.9", 0): 0.10,
    ("gloss-o-ce,sigma=x2", 0): 0.20,
    ("gloss-o-ce,sigma=x1.1", 0): 0.21,
    ("gloss-o-ce,sigma=0.4", 0): 0.22,
    ("gloss-o-ce,weight=0.3,sigma=x2", 0): 0.30,
    ("gloss-o-ce@reference", 0): 0.40,
    ("ce", 0): 0.50,
}
RUNS = frames.scored(GRID, weight=0.7, labeled_fraction=0.5, sigma=0.5)


def texts(axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def test_a_cell_is_the_mean_over_seeds_and_the_plain_objective_stands_at_its_own_value():
    table = weight.frame(runs=RUNS).set_index("value")
    assert table.index.to_list() == [0.3, 0.7]
    assert table["mean"].to_list() == pytest.approx([72, 85])
    assert table["std"].to_list() == pytest.approx([np.std([70, 74], ddof=1), np.std([80, 90], ddof=1)])
    assert table["n_seeds"].to_list() == [2, 2]  # the plain run of seed 0 and weight=0.7 are one
    assert table["chosen"].to_list() == [False, True]


def test_multiples_of_sigma_stand_beside_the_plain_objective_as_one():
    table = sigma.frame(runs=RUNS)
    assert table["value"].to_list() == [1, 2]  # neither a step of the sensitivity nor a width by itself
    assert table["mean"].to_list() == pytest.approx([85, 20])


def test_a_setting_that_was_not_varied_shows_nothing_and_says_so():
    table = labeled_fraction.frame(runs=RUNS)
    assert table.empty
    assert texts(labeled_fraction.draw(table).axes[0]) == ["nothing to draw: no such runs"]


def test_the_choice_of_rows_needs_the_keys_alone():
    keys = RUNS[["corpus", "encoder", "objective", "protocol", "seed"]].assign(finished=True)
    chosen = weight.select(keys)
    assert set(chosen["objective"]) == {"gloss-o-ce", "gloss-o-ce,weight=0.3", "gloss-o-ce,weight=0.7"}
    assert chosen["finished"].all()


def test_a_preset_is_an_objective_of_its_own():
    runs = frames.scored({("gloss-o-ce@reference,weight=0.3", 0): 0.5, **GRID}, weight=0.7)
    table = weight.frame(runs=runs)
    assert set(table["objective"]) == {"gloss-o-ce", "gloss-o-ce@reference"}
    figure = weight.draw(table)
    assert [axes.get_title() for axes in figure.axes[:2]] == [
        "BERT-base, G-Loss-O + CE",
        "BERT-base, G-Loss-O + CE (reference)",
    ]


def test_the_best_is_bold_the_chosen_framed_and_a_missing_cell_a_dash():
    other = frames.scored({("gloss-o-ce", 0): 0.6, ("gloss-o-ce,weight=0.9", 0): 0.65}, corpus="r8", weight=0.7)
    table = weight.frame(runs=pd.concat([RUNS, other]))
    axes = weight.draw(table).axes[0]
    assert texts(axes) == ["72.00", "85.00", "–", "–", "60.00", "65.00"]
    assert [text.get_text() for text in axes.texts if text.get_weight() == "bold"] == ["85.00", "65.00"]
    frames_drawn = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    assert [(round(patch.get_x() + 0.44), round(patch.get_y() + 0.42)) for patch in frames_drawn] == [(1, 0), (1, 1)]
    below = axes.images[0].get_array()
    assert below.filled(np.nan)[0] == pytest.approx([-13, 0, np.nan], nan_ok=True)


def test_keys_are_taken_apart():
    assert variations.changes("a@b,weight=0.5,sigma=x2") == ("a@b", {"weight": "0.5", "sigma": "x2"})
    assert whole(RUNS)["objective"].unique().tolist() == ["gloss-o-ce", "gloss-o-ce@reference", "ce"]
