"""Epochs to reach a given score."""

import numpy as np
import pandas as pd
import pytest
from glossbench.evidence.figures import convergence
from made_up import curves, keyed

# the best of all is 1.0: 95 % of it is 0.95, 99 % is 0.99
CURVES = {("ce", 0): [0.5, 0.96, 1.0], ("ce", 1): [0.95, 0.9, 0.99, 0.3], ("scl-ce", 0): [0.1, 0.2]}


def test_reached_is_the_first_epoch_with_a_share_of_the_best_score_of_any_objective():
    table = convergence.frame(epochs=curves(CURVES)).set_index(["objective", "share", "seed"])
    assert table["score"].groupby("share").unique().map(list).to_dict() == {0.95: [0.95], 0.99: [0.99]}
    assert table.loc[("ce", 0.95), "reached"].to_dict() == {0: 2, 1: 1}
    assert table.loc[("ce", 0.99), "reached"].to_dict() == {0: 3, 1: 3}
    assert table.loc["scl-ce", "reached"].isna().all()
    assert table.loc["scl-ce", "n_epochs"].to_list() == [2, 2]


def test_a_negative_best_score_can_be_reached():
    table = convergence.frame(epochs=curves({("scl", 0): [-0.3, -0.1, -0.2]}))
    assert table["reached"].to_list() == [2, 2]
    assert table["score"].to_list() == pytest.approx([-0.105, -0.101])


def test_varied_settings_neither_show_nor_set_the_score():
    plain = curves({("ce", 0): [0.5, 0.6]})
    varied = keyed(plain.assign(objective="ce+learning_rate=1", val_macro_f1=0.9))
    pd.testing.assert_frame_equal(
        convergence.frame(epochs=pd.concat([plain, varied], ignore_index=True)), convergence.frame(epochs=plain)
    )


def test_runs_that_never_reach_the_score_stand_beyond_the_epochs_with_their_number():
    given = curves({("ce", 0): [0.5, 0.6, 1.0], ("scl-ce", 0): [0.1], ("scl-ce", 1): [0.2]})
    axes = convergence.draw(convergence.frame(epochs=given)).axes[0]
    marks = [line for line in axes.get_lines() if line.get_marker() != "None"]
    points = sorted((float(x), float(y)) for line in marks for x, y in zip(*line.get_data(), strict=True))
    assert [x for x, _ in points] == [3, 3, 4, 4, 4, 4]
    assert [y for _, y in points] == pytest.approx([-0.24, 0.24, 0.76, 0.76, 1.24, 1.24])
    assert [text.get_text() for text in axes.texts] == ["2", "2"]
    assert max(axes.get_xticks()) <= 3


def test_a_corpus_without_a_score_is_left_out():
    assert convergence.frame(epochs=curves({("ce", 0): [np.nan, np.nan]})).empty
