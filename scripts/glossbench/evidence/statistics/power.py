"""The number of seeds that a test needs to detect a difference, and the difference that a number of seeds detects."""

import math
from functools import cache, lru_cache

from scipy import stats
from statsmodels.stats.power import TTestPower

from glossbench.evidence.statistics.intervals import ALPHA

POWER = 0.8


@lru_cache(maxsize=4096)
def seeds_needed(difference: float, std: float) -> int | None:
    """The smallest number of pairs of runs with which a two-sided paired t test detects a difference.

    The test is at ``ALPHA`` with ``POWER``.

    Args:
        difference: Mean of the paired differences.
        std: Standard deviation of the paired differences, in the same unit.

    Returns:
        At least 2. None if the difference is zero or missing, or if std is missing or not positive.
    """
    if not (math.isfinite(difference) and math.isfinite(std)) or difference == 0 or std <= 0:
        return None
    effect = abs(difference) / std

    def enough(n: int) -> bool:
        # For very large effects the noncentral t underflows to NaN; the power is then 1.
        reached = TTestPower().power(effect, n, ALPHA)
        return bool(reached >= POWER) or (math.isnan(reached) and effect > 1)

    # The normal approximation is about two pairs too small for every number of pairs.
    n = max(2, math.ceil(((stats.norm.ppf(1 - ALPHA / 2) + stats.norm.ppf(POWER)) / effect) ** 2))
    while n > 2 and enough(n - 1):
        n -= 1
    while not enough(n):
        n += 1
    return n


def smallest_difference(n: int, std: float) -> float | None:
    """The smallest difference, in the unit of ``std``, for which ``seeds_needed`` gives at most ``n``.

    None for fewer than two pairs, or if std is missing or not positive.
    """
    if n < 2 or not math.isfinite(std) or std <= 0:
        return None
    return std * _smallest_effect(n)


@cache
def _smallest_effect(n: int) -> float:
    """The smallest difference in standard deviations, which takes milliseconds to find."""
    return float(TTestPower().solve_power(nobs=n, alpha=ALPHA, power=POWER))
