"""A table as readers see it: texts in rows and columns, and the rank of each cell that competes."""

import math
from dataclasses import dataclass

import pandas as pd

DASH = "–"


@dataclass(frozen=True)
class Layout:
    """A table laid out for readers, in no format yet.

    cells: texts; the index holds the row headers (its levels named), the columns may have two levels.
    ranks: same shape, 1 for the best of its competition, 2 for the second best, 0 for all others.
    """

    cells: pd.DataFrame
    ranks: pd.DataFrame

    @classmethod
    def unranked(cls, cells: pd.DataFrame) -> "Layout":
        """A layout in which no cell competes with another."""
        return cls(cells, pd.DataFrame(0, index=cells.index, columns=cells.columns))


def number(value: float, decimals: int = 0) -> str:
    """A number with thousands separators; a missing one is a dash."""
    return DASH if pd.isna(value) else f"{value:,.{decimals}f}"


def significant(value: float, digits: int = 3) -> str:
    """A number by its significant digits; a missing one is a dash."""
    return DASH if pd.isna(value) else f"{value:.{digits}g}"


def duration(seconds: float) -> str:
    """A time in the two units a reader needs, e.g. ``16.3 s``, ``4 min 05 s``, ``2 h 03 min``."""
    if math.isnan(seconds):
        return DASH
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes:02d} min"
