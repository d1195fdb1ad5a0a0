"""Two objectives against each other: against textbook values and by another road, and where there is too little."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from glossbench.evidence.statistics.pairs import holm, paired, pairwise
from made_up import by_corpus
from scipy import stats
from statsmodels.stats.multitest import multipletests

OBJECTIVES = ["scl", "triplet", "cosine", "gloss-o"]
# Student (1908): hours of sleep gained by ten patients with two drugs; t = 4.0621, p = 0.002833 in every textbook.
SLEEP = {
    "scl": [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0],
    "gloss-o": [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4],
}
# Demsar (2006), table 2: what pruning by cross-validation adds to C4.5; T = 12, z = -2.54
GAINS = [0.005, -0.008, 0.017, 0.033, 0.006, -0.005, 0.007, 0, 0.063, 0, 0.022, 0.047, 0.009, 0.021]


def test_paired_t_gives_the_textbook_value_over_seeds():
    table = by_corpus({("mr", key): values for key, values in SLEEP.items()})
    found = paired(table, "gloss-o", "scl", "accuracy").set_index("pairs").loc["seeds"]
    assert (found["n"], found["corpus"]) == (10, "mr")
    assert found["difference"] == pytest.approx(1.58)
    assert found["t"] == pytest.approx(4.0621, abs=5e-5)
    assert found["p"] == pytest.approx(0.002833, abs=5e-7)
    assert (found["low"], found["high"]) == pytest.approx((0.7001142, 2.4598858))
    assert found["effect_size"] == pytest.approx(4.0621 / math.sqrt(10), abs=1e-4)
    assert found["reason"] == ""


def test_corpora_are_paired_by_the_means_of_their_common_seeds():
    scores = {("mr", "scl"): [0.5, 0.6, 0.9], ("mr", "gloss-o"): [0.6, 0.8]}  # the third seed has no partner
    scores |= {
        ("r8", "scl"): [0.7, 0.7],
        ("r8", "gloss-o"): [0.8, 0.7],
        ("r52", "scl"): [0.9],
        ("r52", "gloss-o"): [0.9],
    }
    scores |= {("20ng", "scl"): [0.9]}  # no partner at all
    rows = paired(by_corpus(scores), "gloss-o", "scl", "accuracy").set_index(["pairs", "corpus"])
    across = rows.loc["corpora", "all"]
    gains = [0.15, 0.05, 0.0]
    assert (across["n"], across["difference"]) == (3, pytest.approx(np.mean(gains)))
    # scipy by another road: Student's t of the differences worked out by hand
    t = np.mean(gains) / (np.std(gains, ddof=1) / math.sqrt(3))
    assert across["t"] == pytest.approx(t)
    assert across["p"] == pytest.approx(2 * stats.t.sf(abs(t), 2))
    assert rows.loc["runs", "all"]["n"] == 5
    assert list(rows.loc["seeds"].index) == ["mr", "r8", "r52"]
    assert rows.loc["seeds", "mr"]["n"] == 2


def test_wilcoxon_follows_demsar():
    scores = {(f"c{i:02d}", "scl"): [0.5] for i in range(14)}
    scores |= {(f"c{i:02d}", "gloss-o"): [0.5 + gain] for i, gain in enumerate(GAINS)}
    found = paired(by_corpus(scores), "gloss-o", "scl", "accuracy").iloc[0]
    z = (12 - 14 * 15 / 4) / math.sqrt(14 * 15 * 29 / 24)  # his formula, without correction for ties
    assert found["wilcoxon_p"] == pytest.approx(2 * stats.norm.cdf(z), rel=0.01)


def test_wilcoxon_is_exact_without_ties():
    scores = {("mr", "scl"): [0.0] * 6, ("mr", "gloss-o"): [0.01, 0.02, 0.03, 0.04, 0.05, 0.06]}
    found = paired(by_corpus(scores), "gloss-o", "scl", "accuracy").iloc[-1]
    assert found["wilcoxon_p"] == pytest.approx(2 / 2**6)


@pytest.mark.parametrize(
    ("ours", "theirs", "said"),
    [
        ([0.9], [0.8], "1 common seed: a paired test needs 3"),
        ([0.9, 0.8], [0.8, 0.8], "2 common seeds: a paired test needs 3"),
        ([0.9, 0.8, 0.7], [0.8, 0.7, 0.6], "the difference is the same on all 3 seeds: no spread to test with"),
        ([0.9, 0.8, 0.7], [0.8, 0.7, 0.5], "Wilcoxon: 3 common seeds cannot give p < 0.05, 6 can"),
    ],
)
def test_too_little_to_test_is_said_instead_of_a_number(ours, theirs, said):
    found = paired(by_corpus({("mr", "gloss-o"): ours, ("mr", "scl"): theirs}), "gloss-o", "scl", "accuracy").iloc[-1]
    assert found["reason"] == said
    assert math.isnan(found["wilcoxon_p"])
    assert math.isnan(found["p"]) == ("Wilcoxon" not in said)


def test_holm_by_hand_and_a_missing_p_is_no_test():
    adjusted = holm(pd.Series([0.01, 0.04, math.nan, 0.03, 0.005]))
    assert adjusted.tolist() == pytest.approx([0.03, 0.06, math.nan, 0.06, 0.02], nan_ok=True)


def test_holm_is_that_of_statsmodels():
    p_values = np.random.default_rng(2).uniform(0, 0.2, 50)
    assert holm(pd.Series(p_values)).to_numpy() == pytest.approx(multipletests(p_values, method="holm")[1])


def test_pairwise_has_every_pair_once_corrected_within_its_family():
    generator = np.random.default_rng(1)
    scores = {(c, o): generator.normal(0.8, 0.1, 4).tolist() for c in ("mr", "r8", "r52") for o in OBJECTIVES}
    table = pd.concat([by_corpus(scores), by_corpus({("mr", "gloss-o+sigma=x1.5"): [0.1, 0.2, 0.3, 0.4]})])
    rows = pairwise(table, "accuracy")
    assert "gloss-o+sigma=x1.5" not in {*rows["objective"], *rows["baseline"]}
    assert rows["pairs"].drop_duplicates().tolist() == ["corpora", "runs", "seeds"]
    for _, family in rows.groupby(["pairs", "corpus"]):
        pairs = {frozenset(pair) for pair in family[["objective", "baseline"]].itertuples(index=False)}
        assert pairs == {frozenset(pair) for pair in itertools.combinations(OBJECTIVES, 2)}
        ordered = family.sort_values("p")
        by_hand = np.minimum(1, np.maximum.accumulate(ordered["p"].to_numpy() * np.arange(6, 0, -1)))
        assert ordered["p_holm"].to_numpy() == pytest.approx(by_hand)
