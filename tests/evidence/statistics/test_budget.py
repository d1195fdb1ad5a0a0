"""What a random search of n trials can expect, against all subsets, against simulated searches, and by hand."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from glossbench.evidence.statistics.budget import BAND, chances, expected_scores, of_best, with_overtaking

from tests.support.made_up import runs, trials

CELL = ("mr", "bert-base")


def searched(values: dict[str, list[float]], **columns) -> pd.DataFrame:
    """Complete trials of one corpus and encoder by objective, in the order of these values, also those of the test."""
    made = [
        trials(runs({(*CELL, key): [0.5]}), len(found), state="complete", value=found).assign(
            **{"test_accuracy": found, "test_macro_f1": found, **columns}
        )
        for key, found in values.items()
    ]
    return pd.concat(made, ignore_index=True)


def of_score(table: pd.DataFrame, score: str, column: str = "mean") -> list[float]:
    return table.loc[table["score"] == score, column].to_list()


@pytest.mark.parametrize(("size", "ties", "own"), [(5, False, True), (9, False, False), (9, True, False)])
def test_mean_and_band_are_those_of_all_subsets(size, ties, own):
    chance = np.random.default_rng(0)
    values, results = chance.random(size), chance.random(size)
    if own:
        results = values
    if ties:
        values[[1, 4]] = values[7]
        results[[1, 4]] = results[7]
    found = of_best(pd.Series(values), pd.Series(results))
    for n in range(1, size + 1):
        of_each = sorted(results[max(subset, key=lambda one: values[one])] for subset in combinations(range(size), n))
        assert found[0][n - 1] == pytest.approx(np.mean(of_each))
        bands = np.quantile(of_each, BAND, method="inverted_cdf")
        assert [found[1][n - 1], found[2][n - 1]] == pytest.approx(bands)


def test_any_of_equally_good_trials_may_be_the_chosen_one():
    mean, low, high = of_best(pd.Series([0.5, 0.9, 0.9]), pd.Series([0.1, 0.2, 0.4]))
    assert mean == pytest.approx([0.7 / 3, (0.2 + 0.4 + 0.3) / 3, 0.3])
    assert (low[-1], high[-1]) == pytest.approx((0.3, 0.3))


def test_the_expectation_is_that_of_new_searches_and_draws_with_replacement_give_less():
    """Uniform scores, of which the best of n is n / (n + 1) in the mean."""
    chance, n = np.random.default_rng(1), np.arange(1, 11)
    many = np.sort(chance.random((20_000, 10)), axis=1)
    unbiased = (many @ chances(10).T).mean(axis=0)
    assert unbiased == pytest.approx(n / (n + 1), abs=0.005)
    place = np.arange(11) / 10
    replaced = many.mean(axis=0) @ np.diff(place[:, None] ** n, axis=0)
    assert (n / (n + 1) - replaced)[-1] > 0.02


def test_chances_of_a_thousand_trials_are_chances():
    found = chances(1000)
    assert found.min() >= 0
    assert found.sum(axis=1) == pytest.approx(1)
    assert found[[0, -1], -1] == pytest.approx([1 / 1000, 1])


def test_the_order_of_trials_changes_nothing():
    made = searched({"ce": [0.1, 0.5, 0.5, 0.3, 0.9], "scl-ce": [0.2, 0.4, 0.4]})
    expected = expected_scores(made)
    assert len(expected) == 3 * (5 + 3)
    pd.testing.assert_frame_equal(expected_scores(made.sample(frac=1, random_state=3)), expected)
    values = made.loc[made["objective"] == "ce", "value"]
    assert of_best(values[::-1], values[::-1])[0].tolist() == of_best(values, values)[0].tolist()


def test_an_objective_overtakes_at_a_known_number_of_trials():
    # ce: 0.5 always. scl-ce, a third of whose trials are good: 0.4, then 0.2 + 0.6 * 2 / 3 = 0.6
    made = searched({"ce": [0.5] * 4, "scl-ce": [0.2, 0.8, 0.2], "group-ce": [0.5] * 4, "gloss-o-ce": [0.6, 0.3]})
    table = with_overtaking(expected_scores(made), ["ce", "scl"])
    own = table[table["score"] == "val_macro_f1"]
    assert own.loc[own["objective"] == "scl-ce", "mean"].to_list() == pytest.approx([0.4, 0.6, 0.8])
    found = own.groupby("objective")["overtakes"].unique().map(lambda numbers: numbers.tolist())
    assert found.to_dict() == {
        "ce": [pytest.approx(np.nan, nan_ok=True)],
        "group-ce": [pytest.approx(np.nan, nan_ok=True)],
        "scl-ce": [2],
        "gloss-o-ce": [2],
    }
    assert with_overtaking(expected_scores(made), ["scl"])["overtakes"].isna().all()


def test_given_pruned_and_failed_trials_are_left_out_and_counted_and_repeats_count():
    made = searched({"ce": [0.9, 0.1, 0.8, 0.3, 0.3, 0.7]})
    made = made.assign(
        state=["complete", "complete", "pruned", "complete", "complete", "failed"],
        start=[True, False, False, False, False, False],
        repeats=[np.nan] * 4 + [3, np.nan],
    )
    table = expected_scores(made)
    assert of_score(table, "val_macro_f1") == pytest.approx([0.7 / 3, 0.3, 0.3])
    counts = table[["n_trials", "n_pruned", "n_failed", "n_start"]].drop_duplicates()
    assert counts.to_numpy().tolist() == [[3, 1, 1, 1]]
    assert expected_scores(made.assign(state="pruned")).empty


def test_the_test_score_is_that_of_the_trial_which_validation_chooses():
    made = searched({"ce": [0.1, 0.2, 0.3]}, test_accuracy=[0.9, 0.5, 0.4], test_macro_f1=[0.3, 0.2, 0.1])
    table = expected_scores(made)
    assert of_score(table, "test_accuracy") == pytest.approx([0.6, (0.5 + 0.4 + 0.4) / 3, 0.4])
    assert of_score(table, "test_macro_f1") == pytest.approx([0.2, 0.4 / 3, 0.1])


def test_trials_without_the_later_columns_give_the_validation_score():
    made = searched({"ce": [0.1, 0.2]})
    table = expected_scores(made.drop(columns=["test_accuracy", "test_macro_f1"]))
    assert set(table["score"]) == {"val_macro_f1"}
    same = expected_scores(made.assign(start=False))
    pd.testing.assert_frame_equal(same[same["score"] == "val_macro_f1"], table, check_dtype=False)
    missing = expected_scores(made.assign(test_accuracy=np.nan, test_macro_f1=np.nan))
    pd.testing.assert_frame_equal(missing, table)
