"""Differences and ratios against each baseline: what is paired, what is tested, and what leaves a claim open."""

import pandas as pd
import pytest
from claim_cases import STANDALONE, everywhere, near, verdict, won
from made_up import CORPORA
from scipy import stats


def test_a_baseline_that_was_not_run_leaves_the_claim_open_but_can_not_save_it():
    ours = {"scl": 0.80, "gloss-o": 0.83}
    found = verdict("C8", near(everywhere(ours)))
    assert found["verdict"] == "undecided"
    assert "triplet and cosine were not run beside it" in found["reason"]
    assert found["value"] == pytest.approx(0.03, abs=2e-3)
    worse = verdict("C8", near(everywhere(ours | {"gloss-o": 0.78})))
    assert worse["verdict"] == "contradicted"


def test_one_corpus_is_undecided_with_an_interval_over_its_seeds():
    found = verdict("C8", near(everywhere({**STANDALONE, "gloss-o": 0.83}, ["mr"]), seeds=5))
    assert found["verdict"] == "undecided"
    assert "1 of the 3 corpora that a verdict needs" in found["reason"]
    assert found["interval"][0] < found["value"] < found["interval"][1]
    assert found["interval_kind"].endswith("pairs of runs")


def test_the_paired_test_over_corpora_is_that_of_scipy():
    runs = won("gloss-o", STANDALONE, 3)
    means = runs.groupby(["corpus", "objective"])["test_accuracy"].mean().unstack()
    found = {row["baseline"]: row for row in verdict("C8", runs)["numbers"] if "p" in row}
    assert set(found) == set(STANDALONE)
    for baseline, row in found.items():
        assert row["p"] == pytest.approx(stats.ttest_rel(means["gloss-o"], means[baseline]).pvalue)


def test_encoders_of_one_corpus_are_one_observation():
    runs = near(everywhere({**STANDALONE, "gloss-o": 0.83}, CORPORA[:3]))
    both = pd.concat([runs, runs.assign(encoder="roberta-large")], ignore_index=True)
    assert verdict("C8", both.assign(n_train=1))["n"] == 3
