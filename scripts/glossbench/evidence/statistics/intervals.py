"""How far a mean may be from what more runs would give."""

import math
from collections.abc import Callable, Sequence

import numpy as np
from scipy import stats

ALPHA = 0.05
RESAMPLES = 2000
SEED = 0


def bootstrap_interval(values: Sequence[float], level: float = 1 - ALPHA) -> tuple[float, float]:
    """Percentile bootstrap interval of the mean; NaN and NaN for fewer than two values.

    Deterministic: each call draws from a generator of its own. With two or three values it is hardly narrower
    than their range and too narrow all the same: it says how far they lie apart, not where the mean is.
    """
    values = np.asarray(values, dtype=float)
    if len(values) < 2:
        return math.nan, math.nan
    if np.ptp(values) == 0:
        return float(values[0]), float(values[0])
    found = stats.bootstrap(
        (values,),
        np.mean,
        n_resamples=RESAMPLES,
        confidence_level=level,
        method="percentile",
        rng=np.random.default_rng(SEED),
    ).confidence_interval
    return float(found.low), float(found.high)


def t_interval(values: Sequence[float], level: float = 1 - ALPHA) -> tuple[float, float]:
    """Student's interval of the mean; NaN and NaN for fewer than two values."""
    values = np.asarray(values, dtype=float)
    if len(values) < 2:
        return math.nan, math.nan
    half = stats.t.ppf((1 + level) / 2, len(values) - 1) * stats.sem(values)
    return float(values.mean() - half), float(values.mean() + half)


def seeds_interval(
    cells: Sequence[np.ndarray], statistic: Callable[[list[np.ndarray]], np.ndarray], level: float = 1 - ALPHA
) -> tuple[float, float]:
    """Percentile bootstrap interval of a statistic of cell means, over the seeds within each cell; cells stay.

    cells: for each an array (seeds, objectives) of scores; a seed's row is drawn as a whole. statistic: from the
    cells' means, each (..., objectives), to values (...). A resampled mean's deviation is stretched by
    sqrt(n / (n - 1)), without which few seeds look too certain (Hesterberg 2015). NaN and NaN where a cell has
    fewer than two seeds.
    """
    if not cells or min(len(cell) for cell in cells) < 2:
        return math.nan, math.nan

    def resampled(*seeds: np.ndarray, axis: int = -1) -> np.ndarray:
        means = []
        for cell, drawn in zip(cells, seeds, strict=True):
            center, stretch = cell.mean(axis=0), math.sqrt(len(cell) / (len(cell) - 1))
            means.append(center + stretch * (cell[drawn.astype(int)].mean(axis=-2) - center))
        return statistic(means)

    drawn = stats.bootstrap(
        tuple(np.arange(len(cell)) for cell in cells),
        resampled,
        n_resamples=RESAMPLES,
        vectorized=True,
        confidence_level=level,
        method="percentile",
        rng=np.random.default_rng(SEED),
    ).confidence_interval
    return float(drawn.low), float(drawn.high)
