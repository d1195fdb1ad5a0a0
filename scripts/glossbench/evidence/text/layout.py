"""A table as readers see it: texts in rows and columns, and the rank of each cell that competes."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import pandas as pd

DASH = "–"


@dataclass(frozen=True)
class Layout:
    """A table laid out for readers, in no format yet.

    cells: texts; the index holds the row headers (its levels named), the columns may have two levels.
    ranks: same shape, 1 for the best of its competition, 2 for the second best, 0 for all others.
    notes: remarks that stand under the table, a paragraph each.
    worded: headers of the columns that hold words rather than numbers, set flush left.
    """

    cells: pd.DataFrame
    ranks: pd.DataFrame
    notes: tuple[str, ...] = ()
    worded: frozenset[str | tuple[str, ...]] = frozenset()

    @classmethod
    def unranked(cls, cells: pd.DataFrame, worded: Iterable[str] = ()) -> "Layout":
        """A layout in which no cell competes with another."""
        ranks = pd.DataFrame(0, index=cells.index, columns=cells.columns)
        return cls(cells, ranks, worded=frozenset(worded))

    def with_notes(self, *notes: str | None) -> "Layout":
        """The same layout with more remarks under it; None adds nothing."""
        return replace(self, notes=(*self.notes, *(note for note in notes if note)))


def number(value: float, decimals: int = 0) -> str:
    """A number with thousands separators; a missing one is a dash."""
    return DASH if pd.isna(value) else f"{value:,.{decimals}f}"


def significant(value: float, digits: int = 3) -> str:
    """A number by its significant digits; a missing one is a dash."""
    return DASH if pd.isna(value) else f"{value:.{digits}g}"


def mean_spread(mean: float, std: float, decimals: int = 2) -> str:
    """``85.64 ± 0.81``; a dash for a missing spread (one seed), and for the whole where the mean is missing."""
    if pd.isna(mean):
        return DASH
    return f"{number(mean, decimals)} ± {number(std, decimals)}"


def span(low: float, high: float, shown: Callable[[float], str]) -> str:
    """``0.4–0.6``, or one value where both look the same; a dash where there is none."""
    ends = [shown(low), shown(high)]
    return ends[0] if ends[0] == ends[1] else DASH.join(ends)


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
