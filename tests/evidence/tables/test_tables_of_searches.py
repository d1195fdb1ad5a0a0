"""What a budget of trials can expect, and the best of all trials as an upper bound."""

import math

import pandas as pd
import pytest
from glossbench.evidence.figures import search_budget
from glossbench.settings.study import load_study
from matplotlib.collections import PolyCollection
from scipy import stats

from tests.support.figure_texts import panels
from tests.support.made_up import runs, trials
from tests.support.registered import CONFIG, LEAST, TABLES, table_of

BUDGET, BOUND = map(table_of, ("search_budget", "search_bound"))


def search(objective: str, values: list[float], accuracies: list[float]) -> pd.DataFrame:
    """Complete trials, macro-F1 0.1 below accuracy; the one with the highest value is the best."""
    made = trials(runs({("mr", "bert-base", objective): [0.9]}), len(values), state="complete", value=values)
    best = made["value"] == max(values)
    return made.assign(best=best, test_accuracy=accuracies, test_macro_f1=[score - 0.1 for score in accuracies])


@pytest.fixture
def given() -> pd.DataFrame:
    ce = search("ce", [0.5, 0.6, 0.55, 0.52, 0.51, 0.5], [0.70, 0.72, 0.75, 0.7, 0.7, 0.7])
    scl = search("scl-ce", [0.4, 0.7, 0.3], [0.74, 0.71, 0.70])
    return pd.concat([ce, scl, search("gloss-o", [0.2], [0.6])], ignore_index=True)


def test_a_budget_has_a_column_for_each_number_of_trials_and_one_for_all(given):
    table = BUDGET.tidy(given)
    texts = BUDGET.layout(table).cells.loc["BERT-base", "MR"]
    assert texts.loc[("Validation macro-F1", "CE")].to_dict() == {
        "Trials": "6", "1": "53.00", "5": "59.17", "10": "–", "20": "–", "all": "60.00", "Ahead from": "–",
    }  # fmt: skip
    assert texts.loc[("Validation macro-F1", "SCL + CE")].to_list() == ["3", "46.67", "–", "–", "–", "70.00", "2"]
    assert texts.loc[("Test accuracy", "SCL + CE"), "all"] == "71.00"
    assert texts.loc[("Test macro-F1", "SCL + CE"), "1"] == "61.67"
    assert texts.loc[("Validation macro-silhouette", "G-Loss-O"), "all"] == "0.2000"
    assert not BUDGET.layout(table).notes


def test_a_budget_says_which_trials_it_leaves_out(given):
    given.loc[1, "state"] = "pruned"
    (note,) = BUDGET.layout(BUDGET.tidy(given.assign(start=[True, *[False] * (len(given) - 1)]))).notes
    assert note == "Left out: 1 pruned trials, 0 failed ones, and 1 whose settings were given."


def test_a_bound_is_the_best_on_the_test_documents_and_is_set_against_both_scores_of_the_baseline(given):
    table = BOUND.tidy(given.sample(frac=1, random_state=0))
    accuracy = table[table["metric"] == "accuracy"].set_index("objective")
    numbers = ["n_trials", "chosen", "bound", "over_chosen", "over_bound"]
    assert accuracy.loc["ce", numbers].to_list() == pytest.approx([6, 72, 75, 3, 0])
    assert accuracy.loc["scl-ce", numbers].to_list() == pytest.approx([3, 71, 74, 2, -1])
    alone = accuracy.loc["gloss-o", numbers].to_list()
    assert alone == pytest.approx([1, 60, 60, math.nan, math.nan], nan_ok=True)  # its baseline, SCL, has no search
    agreement = [stats.spearmanr(own["value"], own["test_accuracy"]).statistic for _, own in given.groupby("objective")]
    assert accuracy["agreement"].sort_index().to_list() == pytest.approx(agreement, nan_ok=True)  # one trial has none
    texts = BOUND.layout(table).cells.loc[("BERT-base", "MR", "Macro-F1", "SCL + CE")]
    assert texts.to_list() == ["3", "61.00", "64.00", "+2.00", "−1.00", "+0.50"]
    assert BOUND.tidy(given.drop(columns=["test_accuracy", "test_macro_f1"])).empty


def test_a_panel_has_a_line_and_a_band_an_objective(given):
    validation, accuracy, *standalone = panels(search_budget.draw(search_budget.tidy(given)))
    assert len(standalone) == 2
    ce, scl = validation.get_lines()
    assert (ce.get_label(), scl.get_label()) == ("ce", "scl-ce")
    assert scl.get_xdata().tolist() == [1, 2, 3]
    assert scl.get_ydata() == pytest.approx([1.4 / 3, 0.6, 0.7])
    assert accuracy.get_lines()[1].get_ydata()[-1] == pytest.approx(0.71)
    _, band = [item for item in validation.collections if isinstance(item, PolyCollection)]
    assert band.get_paths()[0].get_extents().ymin == pytest.approx(0.3)


def test_an_objective_that_fails_leaves_the_others_the_scale_of_a_budget():
    last = {"ce": 0.90, "scl-ce": 0.91, "gloss-sqrt-ce": 0.92, "group-ce": 0.93, "gloss-o-ce": 0.134}
    searches = pd.concat([search(key, [value] * 2, [value] * 2) for key, value in last.items()], ignore_index=True)
    for axes in panels(search_budget.draw(search_budget.tidy(searches))):
        assert 0.89 < axes.get_ylim()[0] < 0.90


def test_an_output_that_needs_something_of_the_search_is_filled_by_searches_with_it_alone():
    random, scored = {"sampler": "random"}, {"keep_test_scores": True}
    studies = [
        load_study({**LEAST, "tuning": tuning}, "least.yaml", CONFIG)
        for tuning in (random, scored, {**random, "taken_from": "other"}, {}, None)
    ]
    assert [TABLES["search_budget"].fillable(study) for study in studies] == [True, False, False, False, False]
    assert [TABLES["search_bound"].fillable(study) for study in studies] == [False, True, False, False, False]
