"""Tests of several objectives over several corpora by ranks: Friedman's and Nemenyi's critical difference."""

import math
from dataclasses import dataclass, field

import pandas as pd
from scipy import stats

from glossbench.evidence.selection import unvaried
from glossbench.evidence.statistics.intervals import ALPHA
from glossbench.evidence.statistics.scores import DECIMALS, scores_of_runs
from glossbench.evidence.text.names import in_order

FEWEST_OBJECTIVES = 3
FEWEST_CORPORA = 3


@dataclass(frozen=True)
class Friedman:
    """Ranks of objectives over corpora, with the tests on them."""

    metric: str
    protocol: str
    encoder: str
    corpora: list[str]
    ranks: dict[str, float]  # Average rank by objective, 1 is best, in the order of the ranks
    alpha: float = ALPHA
    statistic: float = math.nan  # Friedman's chi-square, corrected for ties; ``p`` is its p value
    p: float = math.nan
    # Objectives whose average ranks differ by more than this differ significantly (Nemenyi, at level ``alpha``).
    critical_difference: float = math.nan
    # The largest groups of at least two objectives within one critical difference, in the order of ranks.
    cliques: list[list[str]] = field(default_factory=list)
    # Why there is no test, or empty. Without a test the numbers are NaN; ranks are given if there are any.
    reason: str = ""


def friedman(runs: pd.DataFrame, metric: str, protocol: str, encoder: str, alpha: float = ALPHA) -> Friedman:
    """Rank the objectives of a protocol and encoder on each corpus by their mean over seeds; higher is better.

    The test needs every objective on every corpus. It uses the corpora and objectives that keep the most cells, at
    least three of each. Objectives with changed settings are left out. Demsar (2006), section 3.2.2.

    ``alpha`` is the level of Nemenyi's test.
    """
    table = scores_of_runs(unvaried(runs), metric)
    table = table[(table["protocol"] == protocol) & (table["encoder"] == encoder)]
    wide = table.pivot_table("score", "corpus", "objective").round(DECIMALS)
    block = _largest_block(wide)
    n, k = block.shape
    ranked = block.rank(axis=1, ascending=False).mean().sort_values(kind="stable") if block.size else pd.Series()
    about = {"metric": metric, "protocol": protocol, "encoder": encoder, "alpha": alpha}
    about |= {"corpora": list(block.index), "ranks": {key: float(rank) for key, rank in ranked.items()}}
    if k < FEWEST_OBJECTIVES or n < FEWEST_CORPORA:
        known = f"{k} objectives on the same {n} {'corpus' if n == 1 else 'corpora'}"
        return Friedman(**about, reason=f"{known}: the test needs {FEWEST_OBJECTIVES} on {FEWEST_CORPORA}")
    if (block.nunique(axis=1) == 1).all():
        return Friedman(**about, reason="all objectives score the same on every corpus: nothing to rank")
    statistic, p = stats.friedmanchisquare(*block.to_numpy().T)
    difference = critical_difference(k, n, alpha)
    return Friedman(
        **about,
        statistic=float(statistic),
        p=float(p),
        critical_difference=difference,
        cliques=cliques(about["ranks"], difference),
    )


def critical_difference(n_objectives: int, n_corpora: int, alpha: float = ALPHA) -> float:
    """Nemenyi's critical difference of average ranks, q sqrt(k (k + 1) / (6 N)); Demsar (2006), section 3.2.2."""
    q = stats.studentized_range.ppf(1 - alpha, n_objectives, math.inf) / math.sqrt(2)
    return float(q * math.sqrt(n_objectives * (n_objectives + 1) / (6 * n_corpora)))


def cliques(ranks: dict[str, float], difference: float) -> list[list[str]]:
    """The largest groups of at least two objectives whose average ranks differ by at most ``difference``."""
    keys = sorted(ranks, key=ranks.get)
    groups: list[list[str]] = []
    for start, first in enumerate(keys):
        group = [key for key in keys[start:] if ranks[key] - ranks[first] <= difference]
        if len(group) > 1 and not (groups and set(group) <= set(groups[-1])):
            groups.append(group)
    return groups


def _largest_block(wide: pd.DataFrame) -> pd.DataFrame:
    """The corpora and objectives with a score in every cell that keep the most cells.

    Blocks that are large enough for a test come first.
    """
    covered = {key: frozenset(wide.index[wide[key].notna()]) for key in wide}
    sets: set[frozenset[str]] = set()
    for corpora in covered.values():
        sets |= {corpora} | {corpora & other for other in sets}
    blocks = [(corpora, [key for key in covered if corpora <= covered[key]]) for corpora in sorted(sets, key=sorted)]

    def size(block: tuple[frozenset[str], list[str]]) -> tuple[bool, int, int]:
        n, k = map(len, block)
        return k >= FEWEST_OBJECTIVES and n >= FEWEST_CORPORA, k * n, k

    corpora, keys = max(filter(all, blocks), key=size, default=((), ()))
    return wide.loc[in_order(corpora, "corpus"), in_order(keys, "objective")]
