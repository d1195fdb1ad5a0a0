"""All tests of a study in one place."""

import json
import math

import pandas as pd
import pytest
from glossbench.evidence.statistics.significance import pair_tests, seeds_for_published

from tests.support.made_up import by_corpus, evidence


def test_seeds_for_the_papers_differences_use_our_spread_where_there_is_one():
    ours = {("mr", "scl"): [0.70, 0.71, 0.72], ("mr", "gloss-o"): [0.72, 0.72, 0.72], ("bbc", "scl"): [0.7, 0.71, 0.72]}
    table = by_corpus(ours | {("bbc", "gloss-o"): [0.72, 0.72, 0.72]})
    table = table.assign(test_macro_f1=math.nan, test_macro_silhouette=math.nan)
    keys = {"encoder": "bert-base", "protocol": "standalone", "metric": "accuracy"}
    means = {("mr", "gloss-o"): 80.5, ("mr", "scl"): 80.0, ("r8", "gloss-o"): 90.1, ("r8", "scl"): 90.0}
    paper = pd.DataFrame(
        [
            {"corpus": corpus, "objective": key, "mean": mean, "std": 0.3 if key == "gloss-o" else 0.4, **keys}
            for (corpus, key), mean in means.items()
        ]
    )
    rows = seeds_for_published(pair_tests(table), paper).set_index("corpus")
    expected = [pytest.approx(0.5), pytest.approx(1.0), "runs", 34]
    assert rows.loc["mr", ["difference", "std", "std_source", "seeds"]].tolist() == expected
    assert rows.loc["r8", ["std", "std_source", "seeds"]].tolist() == [pytest.approx(0.5), "paper", 199]
    assert rows.loc["bbc", ["difference", "difference_source"]].tolist() == [pytest.approx(0.3), "paper, mean"]


def test_a_single_run_has_no_test_and_gives_strict_json():
    one = by_corpus({("mr", "scl"): [0.7]}, test_macro_f1=0.6, test_macro_silhouette=math.nan)
    found = json.loads(evidence(runs=one).significance()["json"])
    assert found["pairs"] == []
    assert [test["statistic"] for test in found["friedman"]] == [None, None]
