"""Several objectives over several corpora by their ranks, against the example of Demsar (2006)."""

import math

import numpy as np
import pandas as pd
import pytest
from glossbench.evidence.statistics.ranks import cliques, critical_difference, friedman
from scipy import stats

from tests.support.made_up import by_corpus

# Demsar (2006), table 6: AUC of C4.5 with four settings on fourteen data sets. For "voting" his ranks 2 and 3 of the
# last two come from digits that are not printed.
DEMSAR = """0.763 0.768 0.771 0.798  0.599 0.591 0.590 0.569  0.954 0.971 0.968 0.967  0.628 0.661 0.654 0.657
            0.882 0.888 0.886 0.898  0.936 0.931 0.916 0.931  0.661 0.668 0.609 0.685  0.583 0.583 0.563 0.625
            0.775 0.838 0.866 0.875  1.000 1.000 1.000 1.000  0.940 0.962 0.965 0.962  0.619 0.666 0.614 0.669
            0.972 0.981 0.9752 0.9751  0.957 0.978 0.946 0.970"""
OBJECTIVES = ["scl", "triplet", "cosine", "gloss-o"]


def demsar() -> pd.DataFrame:
    table = np.array(DEMSAR.split(), dtype=float).reshape(14, 4)
    return by_corpus({(f"c{i:02d}", key): [table[i, j]] for i in range(14) for j, key in enumerate(OBJECTIVES)})


def test_friedman_gives_demsars_ranks_statistics_and_critical_difference():
    found = friedman(demsar(), "accuracy", "standalone", "bert-base")
    assert found.ranks == pytest.approx({"gloss-o": 1.964, "triplet": 2.0, "cosine": 2.893, "scl": 3.143}, abs=5e-4)
    assert list(found.ranks) == ["gloss-o", "triplet", "cosine", "scl"]
    assert found.critical_difference == pytest.approx(1.25, abs=5e-3)
    tied_groups = [2, 2, 4, 2]  # iris, lung cancer, mushroom, primary tumor
    ties = 1 - sum(size**3 - size for size in tied_groups) / (14 * 4 * (4**2 - 1))
    uncorrected = found.statistic * ties
    assert uncorrected == pytest.approx(9.28, abs=5e-3)
    assert 13 * uncorrected / (14 * 3 - uncorrected) == pytest.approx(3.69, abs=5e-3)
    assert found.p == pytest.approx(stats.chi2.sf(found.statistic, 3))
    assert found.cliques == [["gloss-o", "triplet", "cosine", "scl"]]


def test_cliques_are_demsars_two_groups_at_ten_percent_and_never_one_alone_or_within_another():
    found = friedman(demsar(), "accuracy", "standalone", "bert-base", alpha=0.10)
    assert found.critical_difference == pytest.approx(1.12, abs=5e-3)
    assert found.cliques == [["gloss-o", "triplet", "cosine"], ["cosine", "scl"]]
    assert cliques({"a": 1.0, "b": 2.5, "c": 4.0}, 1.0) == []
    assert cliques({"a": 1.0, "b": 1.5, "c": 2.0, "d": 4.0}, 1.0) == [["a", "b", "c"]]


def test_critical_values_are_those_of_demsars_table():
    printed = {2: 1.960, 3: 2.343, 4: 2.569, 5: 2.728, 6: 2.850, 7: 2.949, 8: 3.031, 9: 3.102, 10: 3.164}
    for k, q in printed.items():
        assert critical_difference(k, 10) / math.sqrt(k * (k + 1) / 60) == pytest.approx(q, abs=1.1e-3)


def test_friedman_takes_the_largest_block_without_a_gap():
    others = by_corpus({("c00", key): [0.5] for key in ("gloss-sqrt", "gloss-o+sigma=0.1")})
    table = pd.concat([demsar(), others])
    found = friedman(table, "accuracy", "standalone", "bert-base")
    assert (set(found.ranks), len(found.corpora)) == (set(OBJECTIVES), 14)
    few = friedman(table[table["corpus"].isin(["c00", "c01"])], "accuracy", "standalone", "bert-base")
    assert few.reason == "4 objectives on the same 2 corpora: the test needs 3 on 3"
    assert math.isnan(few.p)
    none = friedman(table, "accuracy", "integrated", "bert-base")
    assert (none.ranks, none.reason[:12]) == ({}, "0 objectives")


def test_corpora_that_agree_wholly_and_objectives_that_never_differ():
    agree = by_corpus({(c, o): [v] for c in ("mr", "r8", "r52") for o, v in zip(OBJECTIVES, (1, 2, 3, 4), strict=True)})
    found = friedman(agree, "accuracy", "standalone", "bert-base")
    assert found.statistic == pytest.approx(9)
    equal = friedman(agree.assign(test_accuracy=0.5), "accuracy", "standalone", "bert-base")
    assert equal.reason.startswith("all objectives score the same")
