"""How many seeds it takes to see a difference."""

import math
from functools import lru_cache

from scipy import stats
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

    # the normal approximation falls short by about two pairs, however many it takes
    z = stats.norm.ppf(1 - alpha / 2) + stats.norm.ppf(power)
    n = max(2, math.ceil((z / effect) ** 2))
    while n > 2 and enough(n - 1):
        n -= 1
    while not enough(n):
        n += 1
    return n
