"""Confidence intervals of means."""

import math
from collections.abc import Callable, Sequence

import numpy as np
from scipy import stats

ALPHA = 0.05
RESAMPLES = 2000
SEED = 0


def bootstrap_interval(values: Sequence[float], level: float = 1 - ALPHA) -> tuple[float, float]:
    """Percentile bootstrap interval of the mean.

    The result is deterministic: each call uses a new generator with a fixed seed. With two or three values, the
    interval is almost their range, but still narrower than its level promises: it describes the spread of the values
    rather than the uncertainty of the mean.

    Args:
        values: Observations.
        level: Confidence level.

    Returns:
        Lower and upper end; NaN for fewer than two values.
    """
    values = np.asarray(values, dtype=float)
    if len(values) < 2:
        return math.nan, math.nan
    if np.ptp(values) == 0:
        return float(values[0]), float(values[0])
    return _percentile_interval((values,), np.mean, level)


def t_interval(values: Sequence[float], level: float = 1 - ALPHA) -> tuple[float, float]:
    """Student's t interval of the mean; NaN and NaN for fewer than two values."""
    values = np.asarray(values, dtype=float)
    if len(values) < 2:
        return math.nan, math.nan
    half = stats.t.ppf((1 + level) / 2, len(values) - 1) * stats.sem(values)
    return float(values.mean() - half), float(values.mean() + half)


def seeds_interval(
    cells: Sequence[np.ndarray], statistic: Callable[[list[np.ndarray]], np.ndarray], level: float = 1 - ALPHA
) -> tuple[float, float]:
    """Percentile bootstrap interval of a statistic of cell means.

    Seeds are resampled within each cell; cells are not resampled. The deviation of a resampled mean is multiplied by
    sqrt(n / (n - 1)), because with few seeds the interval would otherwise be too narrow (Hesterberg 2015).

    Args:
        cells: For each cell, scores of shape (seeds, objectives). The rows are resampled.
        statistic: Maps the means of the cells, each of shape (..., objectives), to values of shape (...).
        level: Confidence level.

    Returns:
        Lower and upper end; NaN if a cell has fewer than two seeds.
    """
    if not cells or min(len(cell) for cell in cells) < 2:
        return math.nan, math.nan

    def resampled(*seeds: np.ndarray, axis: int = -1) -> np.ndarray:
        means = []
        for cell, drawn in zip(cells, seeds, strict=True):
            center, stretch = cell.mean(axis=0), math.sqrt(len(cell) / (len(cell) - 1))
            means.append(center + stretch * (cell[drawn.astype(int)].mean(axis=-2) - center))
        return statistic(means)

    return _percentile_interval(tuple(np.arange(len(cell)) for cell in cells), resampled, level)


def _percentile_interval(samples: tuple[np.ndarray, ...], statistic: Callable, level: float) -> tuple[float, float]:
    interval = stats.bootstrap(
        samples,
        statistic,
        n_resamples=RESAMPLES,
        vectorized=True,
        confidence_level=level,
        method="percentile",
        rng=np.random.default_rng(SEED),
    ).confidence_interval
    return float(interval.low), float(interval.high)
