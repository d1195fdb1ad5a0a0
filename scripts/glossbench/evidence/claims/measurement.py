"""A measured quantity with its interval, and whether it lies where it is claimed to lie."""

import math
from dataclasses import dataclass, field
from typing import Any

CONFIRMED, CONTRADICTED, UNDECIDED, NOT_TESTED = "confirmed", "contradicted", "undecided", "not tested"


# what an interval is that `statistics.seeds_interval` gives
OVER_SEEDS = "95 % bootstrap over the seeds in each cell; it speaks of these cells, not of others"


@dataclass(frozen=True)
class Measurement:
    """One number that a claim is about.

    low, high: 95 % interval, NaN where there is none. wide: a wider one, for contradicting where several
    measurements could do so by chance; the same where there is one. n observations, ``unit`` in the plural.
    interval: what kind of interval. runs: what it stands on, tuples that begin with corpus and encoder. missing: why
    nothing may be decided from it, or empty. at_least: a threshold that replaces a lower one of the registry. about:
    what sets it apart from the claim's other measurements. numbers: what is behind it.
    """

    value: float
    low: float
    high: float
    n: int
    unit: str
    interval: str
    runs: frozenset[tuple]
    missing: str = ""
    about: str = ""
    at_least: float = -math.inf
    wide: tuple[float, float] | None = None
    numbers: list[dict[str, Any]] = field(default_factory=list)

    @property
    def cells(self) -> frozenset[tuple[str, str]]:
        """The (corpus, encoder) pairs that it stands on."""
        return frozenset(run[:2] for run in self.runs)


def region(holds: dict[str, Any], at_least: float = -math.inf) -> tuple[float, float]:
    """Bounds of where a claim holds; an ``above`` is raised to ``at_least``."""
    ((comparison, bound),) = holds.items()
    if comparison == "within":
        return tuple(bound)
    return (max(bound, at_least), math.inf) if comparison == "above" else (-math.inf, bound)


def decide(measurement: Measurement, holds: dict[str, Any]) -> str:
    """Confirmed where the whole interval lies where the claim holds, contradicted where none of it does.

    Bounds belong to the region for ``within`` and ``at_most``, not for ``above`` and ``below``. Undecided too
    where there is no interval or something is missing.
    """
    if measurement.missing or math.isnan(measurement.low):
        return UNDECIDED
    (comparison,) = holds
    lower, upper = region(holds, measurement.at_least)
    strict = comparison in ("above", "below")
    low, high = measurement.low, measurement.high
    inside = (low > lower and high < upper) if strict else (low >= lower and high <= upper)
    if inside:
        return CONFIRMED
    low, high = measurement.wide or (low, high)
    outside = (high <= lower or low >= upper) if strict else (high < lower or low > upper)
    return CONTRADICTED if outside else UNDECIDED


def least_favourable(measurements: list[Measurement], holds: dict[str, Any]) -> Measurement:
    """The measurement that speaks most against the claim: the one its verdict hangs on."""
    (comparison,) = holds
    sign = -1 if comparison in ("below", "at_most") else 1

    def favour(measurement: Measurement) -> tuple[int, float]:
        verdicts = [CONTRADICTED, UNDECIDED, CONFIRMED]
        bound = measurement.low if sign > 0 else measurement.high
        return verdicts.index(decide(measurement, holds)), sign * (measurement.value if math.isnan(bound) else bound)

    return min(measurements, key=favour)
