"""Paired tests between two objectives, on the corpora and seeds that both were run with."""

import math
from itertools import combinations

import numpy as np
import pandas as pd
from scipy import stats

from glossbench.evidence.selection import unvaried
from glossbench.evidence.statistics.intervals import ALPHA
from glossbench.evidence.statistics.scores import DECIMALS, scores_of_runs
from glossbench.evidence.text.names import in_order

ALL = "all"
FEWEST_PAIRS = 3
# The smallest two-sided p of the signed-rank test on n pairs is 2 / 2^n. With five pairs it cannot be below 0.05.
FEWEST_SIGNED_RANKS = 6
ONE = {"corpora": "corpus", "runs": "run", "seeds": "seed"}
COMPETITION = ["encoder", "protocol", "pairs", "corpus"]
TESTS = ["std", "low", "high", "t", "p", "wilcoxon_p", "effect_size"]
MEANS = ["n", "mean", "baseline_mean", "difference"]
COLUMNS = [*COMPETITION, "objective", "baseline", "metric", *MEANS, *TESTS, "reason"]


def paired(runs: pd.DataFrame, objective: str, baseline: str, metric: str) -> pd.DataFrame:
    """Paired tests of an objective against a baseline, for each encoder and protocol in which both were run.

    Only seeds that both were run with are used. The column ``pairs`` says what a pair is:

    - "corpora": a corpus, with the mean over its seeds (the test of Demsar 2006, and the one the paper describes).
    - "runs": a corpus and seed. The p values in the paper's T9 match this test. Runs on one corpus are not
      independent, so the p is too small.
    - "seeds": a seed, on one corpus.

    Returns:
        For each encoder and protocol one row with pairs "corpora", one with "runs" (corpus "all" in both) and one
        with "seeds" per corpus. Columns encoder, protocol, pairs, corpus, objective, baseline, metric, n (pairs),
        mean, baseline_mean, difference, std (of the differences), low and high (95 % interval of the difference by
        Student's t), t and p (paired t test, two-sided), wilcoxon_p (signed-rank test, exact if there are no ties,
        zeros split as in Demsar 2006), effect_size (Cohen's d_z: difference / std) and reason (why a test could not
        be made, or empty).
    """
    table = scores_of_runs(runs[runs["objective"].isin([objective, baseline])], metric)
    wide = table.pivot_table("score", ["encoder", "protocol", "corpus", "seed"], "objective")
    if not {objective, baseline} <= set(wide):
        return pd.DataFrame(columns=COLUMNS)
    rows = []
    for (encoder, protocol), both in wide[[objective, baseline]].dropna().groupby(["encoder", "protocol"]):
        by_corpus = both.groupby("corpus")
        sets = [("corpora", ALL, by_corpus.mean()), ("runs", ALL, both)]
        sets += [("seeds", corpus, by_corpus.get_group(corpus)) for corpus in in_order(by_corpus.groups, "corpus")]
        for kind, corpus, pairs in sets:
            names = (encoder, protocol, kind, corpus, objective, baseline, metric)
            mean, baseline_mean = pairs.mean()
            tests = compare((pairs[objective] - pairs[baseline]).to_numpy(), kind)
            rows.append((*names, len(pairs), mean, baseline_mean, mean - baseline_mean, *tests.values()))
    return pd.DataFrame(rows, columns=COLUMNS)


def pairwise(runs: pd.DataFrame, metric: str) -> pd.DataFrame:
    """``paired`` for every pair of objectives of a protocol.

    Objectives with changed settings are left out. An objective with another preset counts as an objective of its own.

    Returns:
        The columns of ``paired``, and p_holm and wilcoxon_p_holm: p values with Holm's correction over all tests of
        the same encoder, protocol, pairs and corpus.
    """
    frames = []
    for _, group in unvaried(runs).groupby("protocol"):
        keys = in_order(group["objective"], "objective")
        frames += [paired(group, objective, baseline, metric) for baseline, objective in combinations(keys, 2)]
    frames = [frame for frame in frames if len(frame)] or [pd.DataFrame(columns=COLUMNS)]
    table = pd.concat(frames, ignore_index=True)
    order = table["pairs"].map(list(ONE).index)
    table = with_holm(table.astype(dict.fromkeys(TESTS, float)), COMPETITION).assign(order=order)
    return table.sort_values(["order", *COMPETITION], kind="stable", ignore_index=True)[
        [*COLUMNS[:-1], "p_holm", "wilcoxon_p_holm", "reason"]
    ]


def with_holm(table: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """The tests with the columns p_holm and wilcoxon_p_holm: corrected over the tests with equal ``by``."""
    families = table.groupby(by)
    return table.assign(**{f"{column}_holm": families[column].transform(holm) for column in ("p", "wilcoxon_p")})


def holm(p_values: pd.Series) -> pd.Series:
    """Adjust p values by Holm's method. Missing values are ignored.

    The result equals that of statsmodels' multipletests, which runs the garbage collector in every call (0.1 s).
    """
    ordered = p_values.dropna().sort_values()
    steps = (ordered * np.arange(len(ordered), 0, -1)).cummax().clip(upper=1)
    return steps.reindex(p_values.index)


def compare(differences: np.ndarray, unit: str) -> dict:
    """Test whether the mean of paired differences is zero; ``unit`` is what a pair is, in the plural, for the reason.

    Returns std, low, high, t, p, wilcoxon_p, effect_size and reason, in this order; see ``paired``.
    """
    n, tests = len(differences), by_t_test(differences, unit)
    if tests["reason"]:
        return tests
    if n < FEWEST_SIGNED_RANKS:
        tests["reason"] = f"Wilcoxon: {n} common {unit} cannot give p < {ALPHA}, {FEWEST_SIGNED_RANKS} can"
    else:
        tests["wilcoxon_p"] = float(stats.wilcoxon(differences.round(DECIMALS), zero_method="zsplit").pvalue)
    return tests


def by_t_test(differences: np.ndarray, unit: str) -> dict:
    """As ``compare``, without Wilcoxon's test, which takes a second where pairs are tied."""
    n = len(differences)
    tests = {**dict.fromkeys(TESTS, math.nan), "reason": ""}
    if n > 1:
        tests["std"] = float(differences.std(ddof=1))
    if n < FEWEST_PAIRS:
        common = f"{n} common {ONE.get(unit, unit) if n == 1 else unit}"
        return {**tests, "reason": f"{common}: a paired test needs {FEWEST_PAIRS}"}
    if np.ptp(differences.round(DECIMALS)) == 0:
        return {**tests, "std": 0.0, "reason": f"the difference is the same on all {n} {unit}: no spread to test with"}
    test = stats.ttest_1samp(differences, 0)  # equals the paired t test
    low, high = test.confidence_interval(1 - ALPHA)
    tests |= {"low": float(low), "high": float(high), "t": float(test.statistic), "p": float(test.pvalue)}
    return tests | {"effect_size": float(differences.mean() / tests["std"])}
