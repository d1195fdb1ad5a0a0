"""A table as readers see it: texts in rows and columns, and the rank of each cell that competes."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import pandas as pd


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
