"""Two objectives against each other, on what both were run on."""

import math
from itertools import combinations

import numpy as np
import pandas as pd
from scipy import stats

from glossbench.evidence.selection import unvaried
from glossbench.evidence.statistics.intervals import ALPHA
from glossbench.evidence.statistics.scores import scores
from glossbench.evidence.text.names import in_order

ALL = "all"
FEWEST_PAIRS = 3
# Of n pairs the smallest two-sided p of the signed-rank test is 2 / 2^n: with five it cannot fall below 0.05.
FEWEST_SIGNED_RANKS = 6
# Differences of scores that are equal on paper differ in their last bits, and would not share a rank.
DECIMALS = 12
ONE = {"corpora": "corpus", "runs": "run", "seeds": "seed"}
COMPETITION = ["encoder", "protocol", "pairs", "corpus"]
TESTS = ["std", "low", "high", "t", "p", "wilcoxon_p", "effect_size"]
COLUMNS = [
    *COMPETITION,
    "objective",
    "baseline",
    "metric",
    "n",
    "mean",
    "baseline_mean",
    "difference",
    *TESTS,
    "reason",
]


def paired(runs: pd.DataFrame, objective: str, baseline: str, metric: str) -> pd.DataFrame:
    """Paired tests of an objective against a baseline, for each encoder and protocol in which both were run.

    Both are full objective keys. pairs says what is paired: first a row over ``corpora`` (corpus "all", one pair
    a corpus, the mean of its common seeds: the test of Demsar 2006 and of the paper's words), then one over
    ``runs`` (corpus "all", one pair a corpus and seed: the p values of the paper's T9 fit this one; runs on one
    corpus are not independent, so its p is too small), then a row a corpus over its ``seeds``. Only seeds that
    both were run with count.

    Columns: encoder, protocol, pairs, corpus, objective, baseline, metric, n (pairs), mean, baseline_mean,
    difference, std (of the differences), low and high (95 % interval of the difference by Student's t), t, p
    (paired t test, two-sided), wilcoxon_p (signed-rank test, exact where there are no ties, zeros split as in
    Demsar 2006), effect_size (Cohen's d_z: difference / std), reason (why a test could not be made, or empty).
    """
    table = scores(runs[runs["objective"].isin([objective, baseline])], metric)
    wide = table.pivot_table("score", ["encoder", "protocol", "corpus", "seed"], "objective")
    rows = []
    if {objective, baseline} <= set(wide):
        both = wide[[objective, baseline]].dropna()
        for (encoder, protocol), group in both.groupby(["encoder", "protocol"]):
            keys = {"encoder": encoder, "protocol": protocol, "metric": metric}
            rows += [{**keys, **row} for row in _rows(group, objective, baseline)]
    return pd.DataFrame(rows, columns=COLUMNS)


def pairwise(runs: pd.DataFrame, metric: str) -> pd.DataFrame:
    """``paired`` for every two objectives of a protocol, with p_holm and wilcoxon_p_holm beside p and wilcoxon_p.

    Objectives with varied settings are left out; one with another preset is a competitor of its own. Holm's
    correction is over all tests that were made among the objectives of the same encoder, protocol, pairs and
    corpus.
    """
    known = unvaried(runs)
    frames = []
    for _, group in known.groupby("protocol"):
        keys = in_order(group["objective"], "objective")
        frames += [paired(group, objective, baseline, metric) for baseline, objective in combinations(keys, 2)]
    frames = [frame for frame in frames if len(frame)]
    table = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=COLUMNS)
    table = table.astype(dict.fromkeys(TESTS, float))
    for column in ("p", "wilcoxon_p"):
        table[f"{column}_holm"] = table.groupby(COMPETITION)[column].transform(holm)
    order = table["pairs"].map(list(ONE).index)
    return table.assign(order=order).sort_values(["order", *COMPETITION], kind="stable", ignore_index=True)[
        [*COLUMNS[:-1], "p_holm", "wilcoxon_p_holm", "reason"]
    ]


def holm(p_values: pd.Series) -> pd.Series:
    """Holm's adjusted p values; a missing p is no test and counts for nothing.

    The same as statsmodels' multipletests, which collects garbage in every call: 0.1 s each for one multiplication.
    """
    ordered = p_values.dropna().sort_values()
    steps = (ordered * np.arange(len(ordered), 0, -1)).cummax().clip(upper=1)
    return steps.reindex(p_values.index)


def compare(differences: np.ndarray, unit: str) -> dict:
    """Tests of one set of paired differences: std, low, high, t, p, wilcoxon_p, effect_size and reason.

    unit: what a pair is, in the plural, for the reason.
    """
    n = len(differences)
    found = {**dict.fromkeys(TESTS, math.nan), "reason": ""}
    if n > 1:
        found["std"] = float(differences.std(ddof=1))
    if n < FEWEST_PAIRS:
        return {
            **found,
            "reason": f"{n} common {ONE.get(unit, unit) if n == 1 else unit}: a paired test needs {FEWEST_PAIRS}",
        }
    rounded = differences.round(DECIMALS)
    if np.ptp(rounded) == 0:
        return {**found, "std": 0.0, "reason": f"the difference is the same on all {n} {unit}: no spread to test with"}
    test = stats.ttest_1samp(differences, 0)  # of the differences: the paired t test
    interval = test.confidence_interval(1 - ALPHA)
    found |= {"t": float(test.statistic), "p": float(test.pvalue)}
    found |= {"low": float(interval.low), "high": float(interval.high)}
    found["effect_size"] = float(differences.mean() / found["std"])
    if n < FEWEST_SIGNED_RANKS:
        reason = f"Wilcoxon: {n} common {unit} cannot give p < {ALPHA}, {FEWEST_SIGNED_RANKS} can"
        return {**found, "reason": reason}
    found["wilcoxon_p"] = float(stats.wilcoxon(rounded, zero_method="zsplit").pvalue)
    return found


def _rows(both: pd.DataFrame, objective: str, baseline: str) -> list[dict]:
    by_corpus = both.groupby("corpus")
    sets = [("corpora", ALL, by_corpus.mean()), ("runs", ALL, both)]
    sets += [("seeds", corpus, by_corpus.get_group(corpus)) for corpus in in_order(by_corpus.groups, "corpus")]
    return [_row(kind, corpus, pairs, objective, baseline) for kind, corpus, pairs in sets]


def _row(kind: str, corpus: str, pairs: pd.DataFrame, objective: str, baseline: str) -> dict:
    means = pairs.mean()
    return {
        "pairs": kind,
        "corpus": corpus,
        "objective": objective,
        "baseline": baseline,
        "n": len(pairs),
        "mean": means[objective],
        "baseline_mean": means[baseline],
        "difference": means[objective] - means[baseline],
        **compare((pairs[objective] - pairs[baseline]).to_numpy(), kind),
    }
