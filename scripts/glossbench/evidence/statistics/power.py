"""The number of seeds that a test needs to detect a difference, and the difference that a number of seeds detects."""

import math
from functools import lru_cache

from scipy import stats
from statsmodels.stats.power import TTestPower

from glossbench.evidence.statistics.intervals import ALPHA

POWER = 0.8


@lru_cache(maxsize=4096)
def seeds_needed(difference: float, std: float, power: float = POWER, alpha: float = ALPHA) -> int | None:
    """The smallest number of pairs of runs with which a two-sided paired t test detects a difference.

    Args:
        difference: Mean of the paired differences.
        std: Standard deviation of the paired differences, in the same unit.
        power: Probability with which the test must detect the difference.
        alpha: Level of the test.

    Returns:
        At least 2. None if the difference is zero or missing, or if std is missing or not positive.
    """
    if not (math.isfinite(difference) and math.isfinite(std)) or difference == 0 or std <= 0:
        return None
    effect = abs(difference) / std

    def enough(n: int) -> bool:
        # For very large effects the noncentral t underflows to NaN; the power is then 1.
        reached = TTestPower().power(effect, n, alpha)
        return bool(reached >= power) or (math.isnan(reached) and effect > 1)

    # The normal approximation is about two pairs too small for every number of pairs.
    z = stats.norm.ppf(1 - alpha / 2) + stats.norm.ppf(power)
    n = max(2, math.ceil((z / effect) ** 2))
    while n > 2 and enough(n - 1):
        n -= 1
    while not enough(n):
        n += 1
    return n


def smallest_difference(n: int, std: float, power: float = POWER, alpha: float = ALPHA) -> float | None:
    """The smallest difference for which ``seeds_needed`` gives at most ``n``.

    Args:
        n: Pairs of runs.
        std: Standard deviation of the paired differences.
        power: Probability with which the test must detect the difference.
        alpha: Level of the test.

    Returns:
        A positive number in the unit of ``std``. None for fewer than two pairs, or if std is missing or not positive.
    """
    if n < 2 or not math.isfinite(std) or std <= 0:
        return None
    return std * float(TTestPower().solve_power(nobs=n, alpha=alpha, power=power))
