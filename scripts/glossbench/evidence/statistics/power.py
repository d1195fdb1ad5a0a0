"""How many seeds it takes to see a difference."""

import math
from functools import lru_cache

from statsmodels.stats.power import TTestPower

from glossbench.evidence.statistics.intervals import ALPHA

POWER = 0.8


@lru_cache(maxsize=4096)
def seeds_needed(difference: float, std: float, power: float = POWER, alpha: float = ALPHA) -> int | None:
    """The fewest pairs of runs with which a two-sided paired t test finds ``difference`` with probability ``power``.

    std: standard deviation of the paired differences, in the unit of ``difference``. None where no number is
    enough (no difference) or none can be given (a spread that is zero, negative or not known). At least 2.
    """
    if not (math.isfinite(difference) and math.isfinite(std)) or difference == 0 or std <= 0:
        return None
    effect = abs(difference) / std

    def enough(n: int) -> bool:
        # far beyond any doubt the noncentral t underflows to NaN
        reached = TTestPower().power(effect, n, alpha)
        return bool(reached >= power) or (math.isnan(reached) and effect > 1)

    high = 2
    while not enough(high):
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return max(high, 2)
