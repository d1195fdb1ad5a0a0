"""The search for settings."""

import numpy as np
import pandas as pd
import pytest
from glossbench.evidence.figures import tuning
from made_up import runs, trials

SEARCH = trials(runs({("mr", "bert-base", "gloss-o-ce"): [0.9]}), count=24, chance=np.random.default_rng(2))


def importances(trials: pd.DataFrame) -> pd.Series:
    table = tuning.frame(trials=trials)
    return table[table["kind"] == "importance"].set_index("setting")["importance"]


def test_the_best_value_grows_over_complete_trials_alone():
    states = ["failed", "complete", "pruned", "complete", "complete"]
    values = [np.nan, 0.3, 0.9, 0.2, 0.5]
    given = SEARCH.head(5).assign(state=states, value=values)
    table = tuning.frame(trials=given.iloc[::-1])  # in any order
    curve = table[table["kind"] == "value"]
    assert curve["trial"].to_list() == [1, 2, 3, 4, 5]
    assert curve["best"].to_list() == pytest.approx([np.nan, 0.3, 0.3, 0.3, 0.5], nan_ok=True)


def test_the_setting_that_decides_the_value_is_the_important_one():
    decided = SEARCH.assign(state="complete", value=-np.log(SEARCH["sigma"]).abs())
    found = importances(decided)
    assert set(found.index) == {"learning_rate", "weight", "labeled_fraction", "sigma"}
    assert found.sum() == pytest.approx(1)
    assert found.idxmax() == "sigma"
    assert found["sigma"] > 0.6
    pd.testing.assert_series_equal(found, importances(decided))  # the evaluator has a seed


def test_too_few_complete_trials_say_so_in_the_panel():
    few = SEARCH.assign(state=["failed", *["complete"] * 3, *["pruned"] * 20])
    table = tuning.frame(trials=few)
    assert table.loc[table["kind"] == "importance", "importance"].isna().all()
    _, matrix = tuning.draw(table).axes
    assert [text.get_text() for text in matrix.texts if text.get_text()] == ["too few trials (3)"]


def test_a_search_without_a_complete_trial_says_so_in_its_panel():
    curve, _ = tuning.draw(tuning.frame(trials=SEARCH.assign(state="pruned"))).axes
    assert [text.get_text() for text in curve.texts] == ["no complete trial"]


def test_a_matrix_shows_each_importance_at_its_setting():
    table = tuning.frame(trials=SEARCH)
    _, matrix = tuning.draw(table).axes
    found = table.dropna(subset=["importance"]).set_index("setting")["importance"]
    order = ["learning_rate", "labeled_fraction", "weight", "sigma"]
    assert [label.get_text() for label in matrix.get_xticklabels()] == ["lr", "γ", "λ", "σ"]
    assert [text.get_text() for text in matrix.texts] == [f"{found[key]:.2f}" for key in order]
