"""A measured quantity with its interval, and the verdict that follows from it."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from glossbench.evidence.statistics.intervals import seeds_interval

CONFIRMED, CONTRADICTED, UNDECIDED, NOT_TESTED = "confirmed", "contradicted", "undecided", "not tested"
# Description of the intervals of `seeds_interval`.
OVER_SEEDS = "95 % bootstrap over the seeds in each cell; it speaks of these cells, not of others"


@dataclass(frozen=True)
class Measurement:
    """One number that a claim is about, with its interval.

    Args:
        value: The number.
        low: Lower end of the 95 % interval; NaN if there is none.
        high: Upper end.
        n: Number of observations.
        unit: What an observation is, in the plural.
        interval: The kind of the interval, in words.
        runs: The runs that the number comes from: tuples that begin with corpus and encoder.
        missing: Why it cannot decide the claim, or empty.
        about: What distinguishes it from the claim's other measurements, or empty.
        at_least: A threshold that replaces a lower one of the registry.
        wide: A wider interval for contradictions, where several measurements could contradict by chance; None where
            the 95 % interval is used.
        numbers: Rows with the numbers behind it.
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
        """The (corpus, encoder) pairs that the number comes from."""
        return frozenset(run[:2] for run in self.runs)


def over_cells(
    scores: list[np.ndarray],
    statistic: Callable[[list[np.ndarray]], np.ndarray],
    needs: dict[str, Any],
    **others: Any,
) -> Measurement:
    """Measure a statistic of the means of cells, with its interval over the seeds in each cell.

    Args:
        scores: For each cell, scores of shape (seeds, columns).
        statistic: Maps the means of the cells, each of shape (..., columns), to values of shape (...).
        needs: A claim's ``needs``, with cells and seeds.
        others: Further arguments of ``Measurement``.
    """
    low, high = seeds_interval(scores, statistic)
    return Measurement(
        float(statistic([cell.mean(axis=0) for cell in scores])),
        low,
        high,
        n=len(scores),
        unit="cells",
        interval=OVER_SEEDS,
        missing=_too_few(scores, needs),
        **others,
    )


def _too_few(scores: list[np.ndarray], needs: dict[str, Any]) -> str:
    """Which cells or seeds a verdict lacks; empty if there are enough."""
    if len(scores) < needs["cells"]:
        return f"{len(scores)} of the {needs['cells']} cells that a verdict needs"
    fewest = min(len(cell) for cell in scores)
    if fewest < needs["seeds"]:
        return f"a cell has {fewest} of the {needs['seeds']} common seeds that a verdict needs"
    return ""


def region(holds: dict[str, Any], at_least: float = -math.inf) -> tuple[float, float]:
    """Lower and upper bound of the values for which a claim holds.

    Args:
        holds: A claim's ``holds``: one comparison (above, below, at_most, within) and its bound.
        at_least: Raises the bound of ``above``.
    """
    ((comparison, bound),) = holds.items()
    if comparison == "within":
        return tuple(bound)
    return (max(bound, at_least), math.inf) if comparison == "above" else (-math.inf, bound)


def decide(measurement: Measurement, holds: dict[str, Any]) -> str:
    """The verdict of one measurement.

    The claim is confirmed if the whole interval lies in the region where the claim holds, contradicted if none of the
    interval does, else undecided. It is also undecided if there is no interval or something is missing. The bounds
    belong to the region for ``within`` and ``at_most``, but not for ``above`` and ``below``.
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
    """The measurement that supports the claim least. It decides the verdict."""
    (comparison,) = holds
    sign = -1 if comparison in ("below", "at_most") else 1

    def favour(measurement: Measurement) -> tuple[int, float]:
        verdicts = [CONTRADICTED, UNDECIDED, CONFIRMED]
        bound = measurement.low if sign > 0 else measurement.high
        return verdicts.index(decide(measurement, holds)), sign * (measurement.value if math.isnan(bound) else bound)

    return min(measurements, key=favour)
