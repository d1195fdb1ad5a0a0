"""Two objectives against each other: against textbook values and by another route, and where there is too little."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from glossbench.errors import GlossbenchError
from glossbench.evidence.statistics.pairs import holm, paired, pairwise
from glossbench.evidence.statistics.scores import over_seeds, scores_of_runs
from scipy import stats
from statsmodels.stats.multitest import multipletests

from tests.support.made_up import by_corpus

OBJECTIVES = ["scl", "triplet", "cosine", "gloss-o"]
# Student (1908): hours of sleep gained by ten patients with two drugs; t = 4.0621, p = 0.002833 in every textbook.
SLEEP = {
    "scl": [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0],
    "gloss-o": [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4],
}
# Demsar (2006), table 2: what pruning by cross-validation adds to C4.5; T = 12, z = -2.54
GAINS = [0.005, -0.008, 0.017, 0.033, 0.006, -0.005, 0.007, 0, 0.063, 0, 0.022, 0.047, 0.009, 0.021]


def against_scl(scores: dict) -> pd.DataFrame:
    """Tests of accuracy of G-Loss-O against SCL, from scores by corpus and objective."""
    return paired(by_corpus(scores), "gloss-o", "scl", "accuracy")


def test_paired_t_gives_the_textbook_value_over_seeds():
    found = against_scl({("mr", key): values for key, values in SLEEP.items()}).set_index("pairs").loc["seeds"]
    assert found[["n", "corpus", "reason"]].to_list() == [10, "mr", ""]
    expected = [1.58, 4.0621, 4.0621 / math.sqrt(10)]
    assert found[["difference", "t", "effect_size"]].to_list() == pytest.approx(expected, abs=5e-5)
    assert found["p"] == pytest.approx(0.002833, abs=5e-7)
    assert (found["low"], found["high"]) == pytest.approx((0.7001142, 2.4598858))


def test_corpora_are_paired_by_the_means_of_their_common_seeds():
    scl = {"mr": [0.5, 0.6, 0.9], "r8": [0.7, 0.7], "r52": [0.9], "20ng": [0.9]}  # the last of mr, and 20ng, are alone
    gloss = {"mr": [0.6, 0.8], "r8": [0.8, 0.7], "r52": [0.9]}
    scores = {(corpus, "scl"): seeds for corpus, seeds in scl.items()}
    rows = against_scl(scores | {(corpus, "gloss-o"): seeds for corpus, seeds in gloss.items()})
    rows = rows.set_index(["pairs", "corpus"])
    across, gains = rows.loc["corpora", "all"], [0.15, 0.05, 0.0]
    t = np.mean(gains) / (np.std(gains, ddof=1) / math.sqrt(3))  # Student's t of the differences worked out by hand
    expected = [3, np.mean(gains), t, 2 * stats.t.sf(abs(t), 2)]
    assert across[["n", "difference", "t", "p"]].to_list() == pytest.approx(expected)
    assert rows["n"].to_list() == [3, 5, 2, 2, 1]
    assert list(rows.loc["seeds"].index) == ["mr", "r8", "r52"]


def test_wilcoxon_follows_demsar_and_is_exact_without_ties():
    scores = {(f"c{i:02d}", "scl"): [0.5] for i in range(14)}
    scores |= {(f"c{i:02d}", "gloss-o"): [0.5 + gain] for i, gain in enumerate(GAINS)}
    z = (12 - 14 * 15 / 4) / math.sqrt(14 * 15 * 29 / 24)  # his formula, without correction for ties
    assert against_scl(scores).iloc[0]["wilcoxon_p"] == pytest.approx(2 * stats.norm.cdf(z), rel=0.01)
    exact = against_scl({("mr", "scl"): [0.0] * 6, ("mr", "gloss-o"): [0.01, 0.02, 0.03, 0.04, 0.05, 0.06]})
    assert exact.iloc[-1]["wilcoxon_p"] == pytest.approx(2 / 2**6)


@pytest.mark.parametrize(
    ("ours", "theirs", "reason"),
    [
        ([0.9], [0.8], "1 common seed: a paired test needs 3"),
        ([0.9, 0.8], [0.8, 0.8], "2 common seeds: a paired test needs 3"),
        ([0.9, 0.8, 0.7], [0.8, 0.7, 0.6], "the difference is the same on all 3 seeds: no spread to test with"),
        ([0.9, 0.8, 0.7], [0.8, 0.7, 0.5], "Wilcoxon: 3 common seeds cannot give p < 0.05, 6 can"),
    ],
)
def test_too_little_to_test_is_a_reason_instead_of_a_number(ours, theirs, reason):
    found = against_scl({("mr", "gloss-o"): ours, ("mr", "scl"): theirs}).iloc[-1]
    assert found["reason"] == reason
    assert math.isnan(found["wilcoxon_p"])
    assert math.isnan(found["p"]) == ("Wilcoxon" not in reason)


def test_holm_is_that_of_statsmodels_and_a_missing_p_is_no_test():
    p_values = np.random.default_rng(2).uniform(0, 0.2, 50)
    expected = [*multipletests(p_values, method="holm")[1], math.nan]
    assert holm(pd.Series([*p_values, math.nan])).to_list() == pytest.approx(expected, nan_ok=True)


def test_pairwise_has_every_pair_once_corrected_within_its_family():
    generator = np.random.default_rng(1)
    scores = {(c, o): generator.normal(0.8, 0.1, 4).tolist() for c in ("mr", "r8", "r52") for o in OBJECTIVES}
    table = pd.concat([by_corpus(scores), by_corpus({("mr", "gloss-o+sigma=x1.5"): [0.1, 0.2, 0.3, 0.4]})])
    rows = pairwise(table, "accuracy")
    assert rows["pairs"].drop_duplicates().tolist() == ["corpora", "runs", "seeds"]
    for _, family in rows.groupby(["pairs", "corpus"]):
        pairs = {frozenset(pair) for pair in family[["objective", "baseline"]].itertuples(index=False)}
        assert pairs == {frozenset(pair) for pair in itertools.combinations(OBJECTIVES, 2)}
        assert family["p_holm"].to_numpy() == pytest.approx(multipletests(family["p"], method="holm")[1])


def test_cells_have_mean_spread_and_an_interval_that_is_the_same_each_time():
    table = by_corpus({("mr", "scl"): [0.7, 0.8, 0.9], ("mr", "gloss-o"): [0.6]})
    found = over_seeds(table, ["accuracy"], interval=True)
    scl, gloss = found.to_dict("records")
    half = 4.302653 * 10 / math.sqrt(3)  # the quantile of Student's t with two degrees of freedom, from a table
    expected = [3, 80, 10, 80 - half, 80 + half]
    assert [scl[key] for key in ("n_seeds", "mean", "std", "low", "high")] == pytest.approx(expected)
    assert all(math.isnan(gloss[key]) for key in ("std", "low", "high"))
    pd.testing.assert_frame_equal(found, over_seeds(table.iloc[::-1], ["accuracy"], interval=True))


def test_scores_that_are_no_number_are_left_out():
    table = by_corpus({("mr", "scl"): [0.7, 0.8], ("mr", "gloss-o"): [0.6, 0.7]}).assign(test_macro_silhouette=math.nan)
    table.loc[0, "test_macro_silhouette"] = 0.5
    found = over_seeds(table, ["macro_silhouette"])
    assert found[["objective", "n_seeds"]].to_numpy().tolist() == [["scl", 1]]
    assert paired(table, "gloss-o", "scl", "macro_silhouette").empty
    assert pairwise(table, "macro_silhouette").empty
    with pytest.raises(GlossbenchError, match="no column speed or test_speed"):
        scores_of_runs(table, "speed")
