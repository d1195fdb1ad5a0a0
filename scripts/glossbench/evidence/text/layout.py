"""A table for readers: texts in rows and columns, and the rank of each cell."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import pandas as pd


@dataclass(frozen=True)
class Layout:
    """A table for readers, independent of the output format.

    Args:
        cells: Texts. The index holds the row headers and names their levels; the columns may have two levels.
        ranks: Frame of the same shape: 1 for the best cell of a comparison, 2 for the second best, else 0.
        notes: Paragraphs below the table.
        worded: Headers of the columns with words, which are aligned left.
        lined: Positions of the rows with a line above them.
    """

    cells: pd.DataFrame
    ranks: pd.DataFrame
    notes: tuple[str, ...] = ()
    worded: frozenset[str | tuple[str, ...]] = frozenset()
    lined: frozenset[int] = frozenset()

    @classmethod
    def unranked(cls, cells: pd.DataFrame, worded: Iterable[str] = ()) -> "Layout":
        """A layout without ranks."""
        ranks = pd.DataFrame(0, index=cells.index, columns=cells.columns)
        return cls(cells, ranks, worded=frozenset(worded))

    def with_notes(self, *notes: str | None) -> "Layout":
        """A copy with more notes. None adds nothing."""
        return replace(self, notes=(*self.notes, *(note for note in notes if note)))
