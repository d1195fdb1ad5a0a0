"""Tables for readers: texts in rows and columns, in display order and with display names, and the rank of each cell."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import pandas as pd

from glossbench.evidence.selection import is_untuned
from glossbench.evidence.text.names import NAMES, arrange
from glossbench.evidence.text.numbers import DASH, number, span

Key = tuple[str, ...]
# Titles of the kinds of keys. Other columns that become headers have their titles as names, and texts.
TITLES = {"corpus": "Corpus", "encoder": "Encoder", "objective": "Objective", "protocol": "Protocol", "metric": "Score"}
SHORT = {"macro_silhouette": "Silhouette"}


@dataclass(frozen=True)
class Layout:
    """A table for readers, independent of the output format."""

    # Texts. The index holds the row headers and names their levels; the columns may have two levels.
    cells: pd.DataFrame
    ranks: pd.DataFrame  # Frame of the same shape: 1 for the best cell of a comparison, 2 for the second best, else 0
    notes: tuple[str, ...] = ()  # Paragraphs below the table
    worded: frozenset[str | Key] = frozenset()  # Headers of the columns with words, which are aligned left
    lined: frozenset[int] = frozenset()  # Positions of the rows with a line above them

    @classmethod
    def unranked(
        cls, table: pd.DataFrame, rows: list[str], columns: Mapping[str, Iterable[str]], worded: Iterable[str] = ()
    ) -> "Layout":
        """A layout with one row for each row of a table: its columns ``rows`` as headers, and texts by header."""
        index = _headers(table[rows].itertuples(index=False, name=None), rows)
        cells = pd.DataFrame({title: list(column) for title, column in columns.items()}, dtype=object).set_axis(index)
        return cls(cells, pd.DataFrame(0, cells.index, cells.columns), worded=frozenset(worded))

    def with_notes(self, *notes: str | None) -> "Layout":
        """A copy with more notes. None adds nothing."""
        return replace(self, notes=(*self.notes, *filter(None, notes)))


def distinct(table: pd.DataFrame, by: list[str]) -> list[Key]:
    """The combinations of keys that occur, in display order."""
    return list(dict.fromkeys(arrange(table, by)[by].itertuples(index=False, name=None)))


def grid(
    table: pd.DataFrame,
    rows: list[str],
    columns: list[str],
    row_keys: Sequence[Key] | None = None,
    column_keys: Sequence[Key] | None = None,
    beside: Mapping[str, Mapping[Key, str]] | None = None,
    widest: int | None = None,
    worded: Iterable[str | Key] = (),
) -> Layout:
    """A layout with a cell for each combination of row and column keys; a dash if the table has no such row.

    A table with a column ``n_seeds`` has the number of seeds as the last column. Rows of untuned objectives are below a
    line where their keys are objectives.

    Args:
        table: Key columns, ``text``, and ``rank`` if the best and the second best cells are marked.
        rows: Key columns that become row headers.
        columns: Key columns that become column headers.
        row_keys: Row keys to show; by default those that occur.
        column_keys: Column keys to show; by default those that occur.
        beside: Further columns after the others: texts without marks by row key, by header.
        worded: Headers of the columns with words.
        widest: With more columns than this, metrics have their own rows, and corpora are the columns.
    """
    if widest is not None and len(table[columns].drop_duplicates()) > widest:
        rows, columns = ["metric", *rows], ["corpus"]
    row_keys = distinct(table, rows) if row_keys is None else row_keys
    column_keys = distinct(table, columns) if column_keys is None else column_keys
    beside = {**(beside or {}), **({"Seeds": _seeds(table, rows)} if "n_seeds" in table else {})}
    ranks = table["rank"].where(table["rank"] <= 2).fillna(0) if "rank" in table else [0] * len(table)
    keys = table[[*rows, *columns]].itertuples(index=False, name=None)
    found = dict(zip(keys, zip(table["text"], ranks, strict=True), strict=True))
    cells = [
        [found.get((*row, *column), (DASH, 0)) for column in column_keys]
        + [(column.get(row, DASH), 0) for column in beside.values()]
        for row in row_keys
    ]
    titles = [("",) * (len(columns) - 1) + (title,) for title in beside]
    place = {"index": _headers(row_keys, rows), "columns": _headers([*column_keys, *titles], columns, titled=False)}
    return Layout(
        pd.DataFrame([[text for text, _ in line] for line in cells], **place, dtype=object),
        pd.DataFrame([[rank for _, rank in line] for line in cells], **place, dtype=int),
        worded=frozenset(worded),
        lined=frozenset(_below_a_line(row_keys, rows, table)),
    )


def _headers(keys: Iterable[Key], kinds: list[str], titled: bool = True) -> pd.Index:
    """Headers of these keys; those of rows have a title for each level."""
    keys = list(keys)
    named = [
        [SHORT.get(key[place]) or NAMES.get(kind, str)(key[place]) for key in keys] for place, kind in enumerate(kinds)
    ]
    titles = [TITLES.get(kind, kind) if titled else None for kind in kinds]
    if len(kinds) == 1 or not (keys or titled):
        return pd.Index(named[0], name=titles[0], dtype=object)
    return pd.MultiIndex.from_arrays(named, names=titles)


def _below_a_line(row_keys: Sequence[Key], rows: list[str], table: pd.DataFrame) -> Iterator[int]:
    """Positions of the rows at which a group of rows goes from objectives that are fine-tuned to untuned objectives."""
    if "objective" in rows and "protocol" in table:
        place, untuned = rows.index("objective"), set(table.loc[is_untuned(table), "objective"])
        for position, (above, row) in enumerate(pairwise(row_keys), start=1):
            if above[:place] == row[:place] and row[place] in untuned and above[place] not in untuned:
                yield position


def _seeds(table: pd.DataFrame, rows: list[str]) -> dict[Key, str]:
    """The number of seeds of each row of a grid, e.g. "3" or "2–3"."""
    counts = table.groupby([table[key] for key in rows])["n_seeds"].agg(["min", "max"])
    keys = [key if isinstance(key, tuple) else (key,) for key in counts.index]
    return {key: span(low, high, number) for key, low, high in zip(keys, counts["min"], counts["max"], strict=True)}
