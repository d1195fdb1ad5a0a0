"""Tables for readers: texts in rows and columns, in display order and with display names, and the rank of each cell."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import pandas as pd

from glossbench.evidence.selection import is_untuned
from glossbench.evidence.tables.scores import METRICS, marks, texts
from glossbench.evidence.text.names import arrange, corpus_name, encoder_name, objective_name, protocol_name
from glossbench.evidence.text.numbers import DASH, number, span

Key = tuple[str, ...]
NAMES = {
    "corpus": corpus_name,
    "encoder": encoder_name,
    "objective": objective_name,
    "protocol": protocol_name,
    "metric": lambda key: METRICS[key].title,
}
TITLES = {"corpus": "Corpus", "encoder": "Encoder", "objective": "Objective", "protocol": "Protocol", "metric": "Score"}


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
    def unranked(
        cls, table: pd.DataFrame, rows: list[str], columns: Mapping[str, Iterable[str]], worded: Iterable[str] = ()
    ) -> "Layout":
        """A layout without ranks, with one row for each row of a table.

        Args:
            table: Has the key columns.
            rows: Columns that become row headers. A column that is not a kind of key holds display names.
            columns: Texts by header.
            worded: Headers of the columns with words.
        """
        index = _row_headers([tuple(row) for row in table[rows].itertuples(index=False)], rows)
        cells = pd.DataFrame({title: list(column) for title, column in columns.items()}, dtype=object).set_axis(index)
        return cls(cells, pd.DataFrame(0, cells.index, cells.columns), worded=frozenset(worded))

    def with_notes(self, *notes: str | None) -> "Layout":
        """A copy with more notes. None adds nothing."""
        return replace(self, notes=(*self.notes, *(note for note in notes if note)))


def spread_notes(table: pd.DataFrame, layout: Layout) -> list[str]:
    """A note on what stands behind ±, if a table of means over seeds has it.

    Args:
        table: The tidy table; ``n_seeds`` counts the seeds of each mean.
        layout: Its layout.
    """
    if "n_seeds" not in table or not layout.cells.map(lambda text: "±" in text).any(axis=None):
        return []
    seeds = span(table["n_seeds"].min(), table["n_seeds"].max(), number)
    return [
        f"± is the sample standard deviation over seeds (n − 1 in the denominator), of which each mean has {seeds}; a "
        "dash after it means one seed."
    ]


def distinct(table: pd.DataFrame, by: list[str]) -> list[Key]:
    """The combinations of keys that occur, in display order."""
    if "metric" in by:
        order = {key: place for place, key in enumerate(METRICS)}
        table = table.assign(metric_place=table["metric"].map(order))
    places = ["metric_place" if key == "metric" else key for key in by]
    return list(dict.fromkeys(arrange(table, places)[by].itertuples(index=False, name=None)))


def score_grid(table: pd.DataFrame, rows: list[str], columns: list[str], **options) -> Layout:
    """Means over seeds, the best and the second best marked; see ``grid``.

    Args:
        table: From ``scores.over_seeds``.
        rows: Key columns that become row headers.
        columns: Key columns that become column headers.
        options: Passed on to ``grid``.
    """
    return grid(table.assign(text=texts(table), mark=marks(table)), rows, columns, **options)


def grid(
    table: pd.DataFrame,
    rows: list[str],
    columns: list[str],
    row_keys: Sequence[Key] | None = None,
    column_keys: Sequence[Key] | None = None,
    beside: Mapping[str, Mapping[Key, str]] | None = None,
    widest: int | None = None,
) -> Layout:
    """A layout with a cell for each combination of row and column keys; a dash if the table has no such row.

    A table with a column ``n_seeds`` has the number of seeds as the last column. Rows of untuned objectives are below a
    line where their keys are objectives.

    Args:
        table: Key columns, ``text``, and ``mark`` (the rank to mark: 1, 2, or 0 for none) if cells are marked.
        rows: Key columns that become row headers. A column that is not a kind of key holds display names.
        columns: Key columns that become column headers.
        row_keys: Row keys to show; by default those that occur.
        column_keys: Column keys to show; by default those that occur.
        beside: Further columns after the others: texts without marks by row key, by header.
        widest: With more columns than this, metrics have their own rows, and corpora are the columns.
    """
    if widest is not None and len(table[columns].drop_duplicates()) > widest:
        rows, columns = ["metric", *rows], ["corpus"]
    row_keys = distinct(table, rows) if row_keys is None else list(row_keys)
    column_keys = distinct(table, columns) if column_keys is None else list(column_keys)
    beside = {**(beside or {}), **({"Seeds": _seeds(table, rows)} if "n_seeds" in table else {})}
    ranks_of = table["mark"] if "mark" in table else [0] * len(table)
    keys = table[[*rows, *columns]].itertuples(index=False, name=None)
    by_keys = dict(zip(keys, zip(table["text"], ranks_of, strict=True), strict=True))
    cells = [[by_keys.get((*row, *column), (DASH, 0)) for column in column_keys] for row in row_keys]
    cells = [
        line + [(found.get(row, DASH), 0) for found in beside.values()]
        for line, row in zip(cells, row_keys, strict=True)
    ]
    place = {"index": _row_headers(row_keys, rows), "columns": _headers(column_keys, columns, beside)}
    return Layout(
        pd.DataFrame([[text for text, _ in line] for line in cells], **place, dtype=object),
        pd.DataFrame([[rank for _, rank in line] for line in cells], **place, dtype=int),
        lined=frozenset(_below_a_line(row_keys, rows, table)),
    )


def _row_headers(keys: list[Key], kinds: list[str]) -> pd.Index:
    """Row headers of these keys, each level with its title."""
    levels = [[_name(kind, key[place]) for key in keys] for place, kind in enumerate(kinds)]
    titles = [TITLES.get(kind, kind) for kind in kinds]
    if len(kinds) == 1:
        return pd.Index(levels[0], name=titles[0], dtype=object)
    return pd.MultiIndex.from_arrays(levels, names=titles)


def _headers(column_keys: list[Key], columns: list[str], beside: Iterable[str]) -> pd.Index:
    named = [tuple(_name(kind, key) for kind, key in zip(columns, keys, strict=True)) for keys in column_keys]
    named += [("",) * (len(columns) - 1) + (title,) for title in beside]
    return pd.Index(named) if len(columns) > 1 else pd.Index([name for (name,) in named], tupleize_cols=False)


def _name(kind: str, key: str) -> str:
    return NAMES[kind](key) if kind in NAMES else key


def _below_a_line(row_keys: Sequence[Key], rows: list[str], table: pd.DataFrame) -> Iterator[int]:
    """Positions of the rows at which a group of rows goes from objectives that are fine-tuned to untuned objectives."""
    if "objective" not in rows or "protocol" not in table:
        return
    place, untuned = rows.index("objective"), set(table.loc[is_untuned(table), "objective"])
    for position, (above, row) in enumerate(pairwise(row_keys), start=1):
        if above[:place] == row[:place] and row[place] in untuned and above[place] not in untuned:
            yield position


def _seeds(table: pd.DataFrame, rows: list[str]) -> dict[Key, str]:
    """The number of seeds of each row of a grid, e.g. "3" or "2–3"."""
    by_row: dict[Key, list[int]] = {}
    for *row, count in table[[*rows, "n_seeds"]].itertuples(index=False, name=None):
        by_row.setdefault(tuple(row), []).append(int(count))
    return {row: DASH.join(dict.fromkeys([str(min(counts)), str(max(counts))])) for row, counts in by_row.items()}
