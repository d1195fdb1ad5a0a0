"""Several objectives over several corpora by their ranks: Friedman's test, Nemenyi's, the critical difference."""

import math
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import scikit_posthocs
from scipy import stats

from glossbench.evidence.selection import unvaried
from glossbench.evidence.statistics.intervals import ALPHA
from glossbench.evidence.statistics.scores import scores
from glossbench.evidence.text.names import in_order

FEWEST_OBJECTIVES = 3
FEWEST_CORPORA = 3
DECIMALS = 12  # means that are equal on paper share a rank


@dataclass(frozen=True)
class Friedman:
    """Ranks of objectives over corpora, and what they show.

    ranks: average rank by objective, 1 the best, in the order of the ranks. statistic and p: Friedman's chi-square,
    corrected for ties. f_statistic and f_p: that of Iman and Davenport, less conservative (infinite and 0 where the
    corpora agree wholly). nemenyi: adjusted p by pair of objectives, a square frame. critical_difference: average
    ranks further apart differ (Nemenyi, level alpha). cliques: the largest groups of at least two objectives, by
    rank, within one critical difference. left_out: objectives that were not run on all of these corpora. reason: why
    there is no test (all numbers NaN then, ranks given where there are any), or empty.
    """

    metric: str
    protocol: str
    encoder: str
    corpora: list[str]
    ranks: dict[str, float]
    left_out: list[str]
    alpha: float = ALPHA
    statistic: float = math.nan
    p: float = math.nan
    f_statistic: float = math.nan
    f_p: float = math.nan
    critical_difference: float = math.nan
    cliques: list[list[str]] = field(default_factory=list)
    nemenyi: pd.DataFrame = field(default_factory=pd.DataFrame)
    reason: str = ""


def friedman(runs: pd.DataFrame, metric: str, protocol: str, encoder: str, alpha: float = ALPHA) -> Friedman:
    """Rank the objectives of a protocol with one encoder on each corpus by their mean over seeds, higher is better.

    The test needs every objective on every corpus: of what was run, it takes the corpora and objectives that leave
    the most cells, and at least three of each. Varied settings are left out. Demsar (2006), section 3.2.2.
    """
    table = scores(unvaried(runs), metric)
    table = table[(table["protocol"] == protocol) & (table["encoder"] == encoder)]
    wide = table.pivot_table("score", "corpus", "objective").round(DECIMALS)
    block = _largest_block(wide)
    n, k = block.shape
    ranked = block.rank(axis=1, ascending=False).mean().sort_values(kind="stable") if block.size else pd.Series()
    about = {"metric": metric, "protocol": protocol, "encoder": encoder, "alpha": alpha}
    about |= {"corpora": list(block.index), "ranks": {key: float(rank) for key, rank in ranked.items()}}
    about["left_out"] = in_order(set(wide) - set(block), "objective")
    if k < FEWEST_OBJECTIVES or n < FEWEST_CORPORA:
        found = f"{k} objectives on the same {n} {'corpus' if n == 1 else 'corpora'}"
        return Friedman(**about, reason=f"{found}: the test needs {FEWEST_OBJECTIVES} on {FEWEST_CORPORA}")
    if (block.nunique(axis=1) == 1).all():
        return Friedman(**about, reason="all objectives score the same on every corpus: nothing to rank")
    statistic, p = stats.friedmanchisquare(*block.to_numpy().T)
    f_statistic, f_p = _iman_davenport(statistic, n, k)
    difference = critical_difference(k, n, alpha)
    return Friedman(
        **about,
        statistic=float(statistic),
        p=float(p),
        f_statistic=f_statistic,
        f_p=f_p,
        critical_difference=difference,
        cliques=cliques(about["ranks"], difference),
        nemenyi=scikit_posthocs.posthoc_nemenyi_friedman(block).loc[ranked.index, ranked.index],
    )


def critical_difference(n_objectives: int, n_corpora: int, alpha: float = ALPHA) -> float:
    """Nemenyi's critical difference of average ranks: q sqrt(k (k + 1) / (6 N)). Demsar (2006), equation 3.2.2."""
    q = stats.studentized_range.ppf(1 - alpha, n_objectives, math.inf) / math.sqrt(2)
    return float(q * math.sqrt(n_objectives * (n_objectives + 1) / (6 * n_corpora)))


def cliques(ranks: dict[str, float], difference: float) -> list[list[str]]:
    """The largest groups whose best and worst average ranks are at most ``difference`` apart, two members or more."""
    keys = sorted(ranks, key=ranks.get)
    groups: list[list[str]] = []
    for start, first in enumerate(keys):
        group = [key for key in keys[start:] if ranks[key] - ranks[first] <= difference]
        if len(group) > 1 and not (groups and set(group) <= set(groups[-1])):
            groups.append(group)
    return groups


def _largest_block(wide: pd.DataFrame) -> pd.DataFrame:
    """The corpora and objectives without a gap that hold the most cells, at least two objectives where there are."""
    covered = {key: frozenset(wide.index[wide[key].notna()]) for key in wide}
    sets: set[frozenset[str]] = set()
    for corpora in covered.values():
        sets |= {corpora} | {corpora & other for other in sets}
    best: tuple[tuple, list[str], list[str]] = ((), [], [])
    for corpora in sorted(sets, key=sorted):
        keys = in_order([key for key, own in covered.items() if corpora <= own], "objective")
        testable = len(keys) >= FEWEST_OBJECTIVES and len(corpora) >= FEWEST_CORPORA
        size = (testable, len(keys) * len(corpora), len(keys))
        if corpora and size > best[0]:
            best = size, in_order(corpora, "corpus"), keys
    return wide.loc[best[1], best[2]]


def _iman_davenport(statistic: float, n: int, k: int) -> tuple[float, float]:
    rest = n * (k - 1) - statistic
    if np.isclose(rest, 0):
        return math.inf, 0.0
    f = (n - 1) * statistic / rest
    return float(f), float(stats.f.sf(f, k - 1, (k - 1) * (n - 1)))
