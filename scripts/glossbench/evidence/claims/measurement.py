"""A measured quantity with its interval, and the verdict that follows from it."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from glossbench.evidence.statistics.intervals import DRAWS, means_interval
from glossbench.evidence.text.names import arrange
from glossbench.frames import CELL, RUN_OF_EXPERIMENT
from glossbench.settings.claims import Condition

CONFIRMED, CONTRADICTED, UNDECIDED, NOT_TESTED = "confirmed", "contradicted", "undecided", "not tested"
VERDICTS = (CONFIRMED, CONTRADICTED, UNDECIDED, NOT_TESTED)
# Descriptions of the intervals of `means_interval`.
OVER_DRAWS = (
    f"the middle 95 % of {DRAWS:,} joint draws of the cells' means, each cell's from Student's t over its seeds"
)
SYMMETRIC = f"as far to either side as {OVER_DRAWS} reaches to the farther one"
THESE = "it speaks of these cells, not of others"

CellKey = tuple[str, str]  # corpus, encoder


@dataclass(frozen=True)
class CellValue:
    """The quantity in one cell alone."""

    low: float  # The smallest value that it can have; below ``high`` only where runs were cut off
    high: float  # The largest value that it can have
    seeds: int  # Number of seeds that all objectives of the comparison were run with


@dataclass(frozen=True)
class Measurement:
    """One number that a claim is about, with its interval."""

    value: float
    # Lower end of the 95 % interval; NaN if there is none, minus infinity (zero for a ratio) if runs that were cut off
    # leave it open.
    low: float
    high: float  # Upper end; infinity if runs that were cut off leave it open
    n: int  # Number of observations
    unit: str  # What an observation is, in the plural
    interval: str  # The kind of the interval, in words
    runs: frozenset[tuple]  # The runs that the number comes from: tuples of corpus, encoder, objective and seed
    cells: dict[CellKey, CellValue] = field(default_factory=dict)  # The number in each cell
    missing: str = ""  # Why it cannot decide the claim, or empty
    unconfirmed: str = ""  # Why it cannot confirm the claim, though it can contradict it, or empty
    # Whether it is one of several cases that must all hold, so that it contradicts the claim alone.
    one_of_many: bool = False
    about: str = ""  # What distinguishes it from the claim's other measurements, or empty
    at_least: float = -math.inf  # A threshold that replaces a lower one of the registry
    # A wider interval for contradictions, where several measurements could contradict by chance; None where the 95 %
    # interval is used.
    wide: tuple[float, float] | None = None
    numbers: list[dict[str, Any]] = field(default_factory=list)  # Rows with the numbers behind it


def cells_of(table: pd.DataFrame) -> Iterable[tuple[CellKey, pd.DataFrame]]:
    """The rows of each (corpus, encoder), in display order."""
    return arrange(table, CELL).groupby(CELL, sort=False)


def runs_of(rows: pd.DataFrame) -> frozenset[tuple]:
    """Rows of the collected frame as tuples (corpus, encoder, objective, seed)."""
    return frozenset(rows[RUN_OF_EXPERIMENT].itertuples(index=False, name=None))


def cells_behind(measured: list[Measurement]) -> frozenset[CellKey]:
    """The cells that any of the measurements has."""
    return frozenset().union(*(one.cells for one in measured))


def over_cells(
    scores: dict[CellKey, np.ndarray],
    statistic: Callable[[list[np.ndarray]], np.ndarray],
    in_cell: Callable[[CellKey, np.ndarray], float] | None = None,
    symmetric: bool = False,
    **others: Any,
) -> Measurement:
    """Measure a statistic of the means of cells, with the interval of joint draws of these means.

    Args:
        scores: For each cell, scores of shape (seeds, columns).
        statistic: Maps the means of the cells, each of shape (..., columns), to values of shape (...).
        in_cell: The number in one cell, from the cell and its means of shape (columns,); by default their statistic.
        symmetric: Whether the interval reaches equally far to both sides, as in ``means_interval``.
        others: Further arguments of ``Measurement``.
    """
    means = {cell: table.mean(axis=0) for cell, table in scores.items()}
    values = {cell: float(in_cell(cell, mean) if in_cell else statistic([mean])) for cell, mean in means.items()}
    return Measurement(
        float(statistic(list(means.values()))),
        *means_interval(list(scores.values()), statistic, symmetric=symmetric),
        n=len(scores),
        unit="cells",
        interval=f"{SYMMETRIC if symmetric else OVER_DRAWS}; {THESE}",
        cells={cell: CellValue(value, value, len(scores[cell])) for cell, value in values.items()},
        **others,
    )


def region(holds: Condition, at_least: float = -math.inf) -> pd.Interval:
    """The values for which a claim holds; ``within`` and ``at_most`` include bounds, ``at_least`` raises ``above``."""
    comparison, bound = holds.condition
    if comparison == "above":
        return pd.Interval(max(bound, at_least), math.inf, closed="right")
    low, high = bound if comparison == "within" else (-math.inf, bound)
    return pd.Interval(low, high, closed="left" if comparison == "below" else "both")


def inside(low: float, high: float, holds: Condition, at_least: float = -math.inf) -> bool:
    """Whether a whole interval lies where a claim holds."""
    return pd.Interval(low, high, closed="both") in region(holds, at_least)


def decide(measurement: Measurement, holds: Condition) -> str:
    """The verdict of one measurement.

    The claim is confirmed if the whole interval lies in the region where the claim holds, contradicted if none of the
    interval does, else undecided. It is also undecided if there is no interval or something is missing.
    """
    if measurement.missing or math.isnan(measurement.low):
        return UNDECIDED
    if inside(measurement.low, measurement.high, holds, measurement.at_least):
        return UNDECIDED if measurement.unconfirmed else CONFIRMED
    found = pd.Interval(*(measurement.wide or (measurement.low, measurement.high)), closed="both")
    return UNDECIDED if found.overlaps(region(holds, measurement.at_least)) else CONTRADICTED


def least_favourable(measurements: list[Measurement], holds: Condition) -> Measurement:
    """The measurement that supports the claim least.

    Its verdict is that of the claim: confirmed if all measurements confirm it, contradicted if any contradicts it.
    """
    upwards = holds.condition[0] not in ("below", "at_most")

    def favour(one: Measurement) -> tuple[int, float]:
        bound = one.low if upwards else one.high
        bound = one.value if math.isnan(bound) else bound
        return [CONTRADICTED, UNDECIDED, CONFIRMED].index(decide(one, holds)), bound if upwards else -bound

    return min(measurements, key=favour)
