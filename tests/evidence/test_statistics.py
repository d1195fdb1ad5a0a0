"""Tests between objectives against textbook values, by another road, and where there is too little to test."""

import itertools
import json
import math

import numpy as np
import pandas as pd
import pytest
from glossbench.errors import GlossbenchError
from glossbench.evidence.statistics import cells, friedman, paired, pairwise, seeds_needed
from glossbench.evidence.statistics.intervals import bootstrap_interval, seeds_interval
from glossbench.evidence.statistics.pairs import holm
from glossbench.evidence.statistics.ranks import cliques, critical_difference
from glossbench.evidence.statistics.significance import pair_tests, rank_tests, seeds_for_published
from glossbench.evidence.text.json_text import to_json
from scipy import stats
from statsmodels.stats.multitest import multipletests

# Student (1908): hours of sleep gained by ten patients with two drugs; t = 4.0621, p = 0.002833 in every textbook.
SLEEP = {
    "scl": [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0],
    "gloss-o": [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4],
}
# Demsar (2006), table 6: AUC of C4.5 with four settings on fourteen data sets. For "voting" his ranks 2 and 3 of the
# last two come from digits that are not printed.
DEMSAR = """0.763 0.768 0.771 0.798  0.599 0.591 0.590 0.569  0.954 0.971 0.968 0.967  0.628 0.661 0.654 0.657
            0.882 0.888 0.886 0.898  0.936 0.931 0.916 0.931  0.661 0.668 0.609 0.685  0.583 0.583 0.563 0.625
            0.775 0.838 0.866 0.875  1.000 1.000 1.000 1.000  0.940 0.962 0.965 0.962  0.619 0.666 0.614 0.669
            0.972 0.981 0.9752 0.9751  0.957 0.978 0.946 0.970"""
OBJECTIVES = ["scl", "triplet", "cosine", "gloss-o"]
# Demsar (2006), table 2: what pruning by cross-validation adds to C4.5; T = 12, z = -2.54
GAINS = [0.005, -0.008, 0.017, 0.033, 0.006, -0.005, 0.007, 0, 0.063, 0, 0.022, 0.047, 0.009, 0.021]


def frame(scores: dict[tuple[str, str], list[float]], encoder: str = "bert-base", **columns) -> pd.DataFrame:
    """A standalone runs table from {(corpus, objective): score of each seed}."""
    rows = [
        {"corpus": c, "encoder": encoder, "protocol": "standalone", "objective": o, "seed": s, "test_accuracy": v}
        for (c, o), values in scores.items()
        for s, v in enumerate(values)
    ]
    return pd.DataFrame(rows).assign(**columns)


def demsar() -> pd.DataFrame:
    table = np.array(DEMSAR.split(), dtype=float).reshape(14, 4)
    return frame({(f"c{i:02d}", key): [table[i, j]] for i in range(14) for j, key in enumerate(OBJECTIVES)})


def test_paired_t_gives_the_textbook_value_over_seeds():
    table = frame({("mr", key): values for key, values in SLEEP.items()})
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
    rows = paired(frame(scores), "gloss-o", "scl", "accuracy").set_index(["pairs", "corpus"])
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
    found = paired(frame(scores), "gloss-o", "scl", "accuracy").iloc[0]
    z = (12 - 14 * 15 / 4) / math.sqrt(14 * 15 * 29 / 24)  # his formula, without correction for ties
    assert found["wilcoxon_p"] == pytest.approx(2 * stats.norm.cdf(z), rel=0.01)


def test_wilcoxon_is_exact_without_ties():
    scores = {("mr", "scl"): [0.0] * 6, ("mr", "gloss-o"): [0.01, 0.02, 0.03, 0.04, 0.05, 0.06]}
    found = paired(frame(scores), "gloss-o", "scl", "accuracy").iloc[-1]
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
    found = paired(frame({("mr", "gloss-o"): ours, ("mr", "scl"): theirs}), "gloss-o", "scl", "accuracy").iloc[-1]
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
    table = pd.concat([frame(scores), frame({("mr", "gloss-o,sigma=x1.5"): [0.1, 0.2, 0.3, 0.4]})])
    rows = pairwise(table, "accuracy")
    assert "gloss-o,sigma=x1.5" not in {*rows["objective"], *rows["baseline"]}
    assert rows["pairs"].drop_duplicates().tolist() == ["corpora", "runs", "seeds"]
    for _, family in rows.groupby(["pairs", "corpus"]):
        pairs = {frozenset(pair) for pair in family[["objective", "baseline"]].itertuples(index=False)}
        assert pairs == {frozenset(pair) for pair in itertools.combinations(OBJECTIVES, 2)}
        ordered = family.sort_values("p")
        by_hand = np.minimum(1, np.maximum.accumulate(ordered["p"].to_numpy() * np.arange(6, 0, -1)))
        assert ordered["p_holm"].to_numpy() == pytest.approx(by_hand)


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
    assert found.f_statistic == pytest.approx(13 * found.statistic / (14 * 3 - found.statistic))
    assert found.p == pytest.approx(stats.chi2.sf(found.statistic, 3))
    assert found.cliques == [["gloss-o", "triplet", "cosine", "scl"]]


def test_cliques_at_ten_percent_are_demsars_two_groups():
    found = friedman(demsar(), "accuracy", "standalone", "bert-base", alpha=0.10)
    assert found.critical_difference == pytest.approx(1.12, abs=5e-3)
    assert found.cliques == [["gloss-o", "triplet", "cosine"], ["cosine", "scl"]]
    assert (found.nemenyi.loc["gloss-o", "scl"] < 0.10, found.nemenyi.loc["gloss-o", "cosine"] < 0.10) == (True, False)


def test_critical_values_are_those_of_demsars_table():
    printed = {2: 1.960, 3: 2.343, 4: 2.569, 5: 2.728, 6: 2.850, 7: 2.949, 8: 3.031, 9: 3.102, 10: 3.164}
    for k, q in printed.items():
        assert critical_difference(k, 10) / math.sqrt(k * (k + 1) / 60) == pytest.approx(q, abs=1.1e-3)


def test_no_clique_of_one_and_none_within_another():
    assert cliques({"a": 1.0, "b": 2.5, "c": 4.0}, 1.0) == []
    assert cliques({"a": 1.0, "b": 1.5, "c": 2.0, "d": 4.0}, 1.0) == [["a", "b", "c"]]


def test_friedman_takes_the_largest_block_without_a_gap_and_says_what_it_left_out():
    table = pd.concat([demsar(), frame({("c00", "gloss-sqrt"): [0.5]}), frame({("c00", "gloss-o,sigma=0.1"): [0.6]})])
    found = friedman(table, "accuracy", "standalone", "bert-base")
    assert found.left_out == ["gloss-sqrt"]
    assert len(found.corpora) == 14
    few = friedman(table[table["corpus"].isin(["c00", "c01"])], "accuracy", "standalone", "bert-base")
    assert few.reason == "4 objectives on the same 2 corpora: the test needs 3 on 3"
    assert math.isnan(few.p)
    none = friedman(table, "accuracy", "integrated", "bert-base")
    assert (none.ranks, none.reason[:12]) == ({}, "0 objectives")


def test_corpora_that_agree_wholly_and_objectives_that_never_differ():
    agree = frame({(c, o): [v] for c in ("mr", "r8", "r52") for o, v in zip(OBJECTIVES, (1, 2, 3, 4), strict=True)})
    found = friedman(agree, "accuracy", "standalone", "bert-base")
    assert (found.statistic, found.f_statistic, found.f_p) == (pytest.approx(9), math.inf, 0.0)
    equal = friedman(agree.assign(test_accuracy=0.5), "accuracy", "standalone", "bert-base")
    assert equal.reason.startswith("all objectives score the same")


def test_cells_hold_mean_spread_and_an_interval_that_is_the_same_each_time():
    table = frame({("mr", "scl"): [0.7, 0.8, 0.9], ("mr", "gloss-o"): [0.6]})
    scl, gloss = (row for _, row in cells(table, "accuracy").iterrows())
    assert (scl["n"], scl["mean"], scl["std"]) == (3, pytest.approx(0.8), pytest.approx(0.1))
    # of all 27 resamples one is (0.7, 0.7, 0.7): 3.7 % of them lie at the very end, more than 2.5 %
    assert (scl["low"], scl["high"]) == pytest.approx((0.7, 0.9))
    assert math.isnan(gloss["std"])
    assert math.isnan(gloss["low"])
    assert gloss["reason"] == "one run: no spread"
    pd.testing.assert_frame_equal(cells(table, "accuracy"), cells(table.iloc[::-1], "accuracy"))


def test_bootstrap_interval_is_near_that_of_all_resamples():
    values = np.array([0.1, 0.4, 0.5, 0.9, 0.2, 0.7])
    exact = np.quantile([np.mean(drawn) for drawn in itertools.product(values, repeat=6)], [0.025, 0.975])
    assert bootstrap_interval(values) == pytest.approx(exact, abs=0.02)


def test_seeds_interval_of_a_mean_has_the_width_of_an_unbiased_bootstrap():
    values = np.random.default_rng(3).normal(size=(40, 1))
    low, high = seeds_interval([values], lambda means: means[0][..., 0])
    assert high - low == pytest.approx(2 * 1.96 * stats.sem(values[:, 0]), rel=0.06)
    assert seeds_interval([values, values[:1]], lambda means: means[0][..., 0]) == pytest.approx(
        (math.nan, math.nan), nan_ok=True
    )


def test_seeds_interval_of_two_seeds_a_cell_is_as_wide_as_their_spread_asks():
    cells_of_two = np.random.default_rng(4).normal(size=(300, 2, 1))
    low, high = seeds_interval(list(cells_of_two), lambda means: np.mean([mean[..., 0] for mean in means], axis=0))
    error = math.sqrt(cells_of_two.var(axis=1, ddof=1).mean() / 2 / 300)
    assert high - low == pytest.approx(2 * 1.96 * error, rel=0.08)


def test_scores_that_are_no_number_are_left_out():
    table = frame({("mr", "scl"): [0.7, 0.8], ("mr", "gloss-o"): [0.6, 0.7]}).assign(test_macro_silhouette=math.nan)
    table.loc[0, "test_macro_silhouette"] = 0.5
    assert cells(table, "macro_silhouette")[["objective", "n"]].to_numpy().tolist() == [["scl", 1]]
    assert not len(paired(table, "gloss-o", "scl", "macro_silhouette"))
    assert not len(pairwise(table, "macro_silhouette"))
    with pytest.raises(GlossbenchError, match="no column speed or test_speed"):
        cells(table, "speed")


@pytest.mark.parametrize(("effect", "n"), [(0.2, 199), (0.5, 34), (0.8, 15), (1.0, 10)])
def test_seeds_needed_are_those_of_the_power_tables(effect, n):
    assert seeds_needed(effect * 0.3, 0.3) == n  # G*Power 3.1: two-sided paired t test, alpha 0.05, power 0.8
    power = [stats.nct.sf(stats.t.ppf(0.975, m - 1), m - 1, effect * math.sqrt(m)) for m in (n - 1, n)]
    assert power[0] < 0.8 <= power[1]


@pytest.mark.parametrize(("difference", "std"), [(0, 1), (1, 0), (math.nan, 1), (1, math.nan), (1, -1)])
def test_no_number_of_seeds_where_none_can_be_given(difference, std):
    assert seeds_needed(difference, std) is None


def test_seeds_needed_for_extreme_effects():
    assert seeds_needed(1e6, 1) == 2
    assert seeds_needed(-0.5, 1) == 34
    assert seeds_needed(1e-3, 1) == pytest.approx((1.959964 + 0.841621) ** 2 * 1e6, rel=1e-4)


def test_seeds_for_the_papers_differences_use_our_spread_where_there_is_one():
    ours = {("mr", "scl"): [0.70, 0.71, 0.72], ("mr", "gloss-o"): [0.72, 0.72, 0.72], ("bbc", "scl"): [0.7, 0.71, 0.72]}
    table = frame(ours | {("bbc", "gloss-o"): [0.72, 0.72, 0.72]}).assign(
        test_macro_f1=math.nan, test_macro_silhouette=math.nan
    )
    keys = {"encoder": "bert-base", "protocol": "standalone", "metric": "accuracy"}
    paper = pd.DataFrame(
        [
            {"corpus": "mr", "objective": "gloss-o", "mean": 80.5, "std": 0.3, **keys},
            {"corpus": "mr", "objective": "scl", "mean": 80.0, "std": 0.4, **keys},
            {"corpus": "r8", "objective": "gloss-o", "mean": 90.1, "std": 0.3, **keys},
            {"corpus": "r8", "objective": "scl", "mean": 90.0, "std": 0.4, **keys},
        ]
    )
    rows = seeds_for_published(pair_tests(table), paper).set_index("corpus")
    assert rows.loc["mr", ["difference", "std", "std_source"]].tolist() == [
        pytest.approx(0.5),
        pytest.approx(1.0),
        "runs",
    ]
    assert rows.loc["mr", "seeds"] == 34
    assert rows.loc["r8", ["std", "std_source", "seeds"]].tolist() == [pytest.approx(0.5), "paper", 199]
    assert rows.loc["bbc", ["difference", "difference_source"]].tolist() == [pytest.approx(0.3), "paper, mean"]


def test_everything_is_strict_json_even_of_one_run():
    one = frame({("mr", "scl"): [0.7]}).assign(test_macro_f1=0.6, test_macro_silhouette=math.nan)
    found = json.loads(to_json({"pairs": pair_tests(one), "friedman": rank_tests(one)}))
    assert found["pairs"] == []
    assert [test["statistic"] for test in found["friedman"]] == [None, None]
