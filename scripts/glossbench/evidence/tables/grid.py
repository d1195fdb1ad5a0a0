"""Arranges a tidy table in rows and columns, in display order and with display names."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

import pandas as pd

from glossbench.evidence.selection import is_untuned
from glossbench.evidence.tables.scores import METRICS
from glossbench.evidence.text.layout import Layout
from glossbench.evidence.text.names import arrange, corpus_name, encoder_name, objective_name, protocol_name
from glossbench.evidence.text.numbers import DASH

Key = tuple[str, ...]
NAMES = {
    "corpus": corpus_name,
    "encoder": encoder_name,
    "objective": objective_name,
    "protocol": protocol_name,
    "metric": lambda key: METRICS[key].title,
}
TITLES = {"corpus": "Corpus", "encoder": "Encoder", "objective": "Objective", "protocol": "Protocol", "metric": "Score"}


def distinct(table: pd.DataFrame, by: list[str]) -> list[Key]:
    """The combinations of keys that occur, in display order."""
    if "metric" in by:
        order = {key: place for place, key in enumerate(METRICS)}
        table = table.assign(metric_place=table["metric"].map(order))
    places = ["metric_place" if key == "metric" else key for key in by]
    return list(dict.fromkeys(arrange(table, places)[by].itertuples(index=False, name=None)))


def grid(
    table: pd.DataFrame,
    rows: list[str],
    columns: list[str],
    row_keys: Sequence[Key] | None = None,
    column_keys: Sequence[Key] | None = None,
    beside: Mapping[str, Mapping[Key, str]] | None = None,
) -> Layout:
    """A layout with a cell for each combination of row and column keys; a dash if the table has no such row.

    Rows of untuned objectives are below a line where their keys are objectives.

    Args:
        table: Key columns, ``text`` and ``mark`` (the rank to mark: 1, 2, or 0 for none).
        rows: Key columns that become row headers. A column that is not a kind of key holds display names.
        columns: Key columns that become column headers.
        row_keys: Row keys to show; by default those that occur.
        column_keys: Column keys to show; by default those that occur.
        beside: Further columns after the others: texts without marks by row key, by header.
    """
    row_keys = distinct(table, rows) if row_keys is None else list(row_keys)
    column_keys = distinct(table, columns) if column_keys is None else list(column_keys)
    beside = beside or {}
    keys = zip(*(table[key] for key in [*rows, *columns]), strict=True)
    by_keys = dict(zip(keys, zip(table["text"], table["mark"], strict=True), strict=True))
    cells = [[by_keys.get((*row, *column), (DASH, 0)) for column in column_keys] for row in row_keys]
    more = [[texts.get(row, DASH) for texts in beside.values()] for row in row_keys]
    index = pd.MultiIndex.from_arrays(
        [[_name(kind, row[place]) for row in row_keys] for place, kind in enumerate(rows)],
        names=[TITLES.get(kind, kind) for kind in rows],
    )
    headers = pd.Index(_headers(column_keys, columns, beside), tupleize_cols=len(columns) > 1)
    texts = [[text for text, _ in row] + extra for row, extra in zip(cells, more, strict=True)]
    ranks = [[mark for _, mark in row] + [0] * len(beside) for row in cells]
    return Layout(
        pd.DataFrame(texts, index=index, columns=headers, dtype=object),
        pd.DataFrame(ranks, index=index, columns=headers, dtype=int),
        lined=frozenset(_below_a_line(row_keys, rows, table)),
    )


def _below_a_line(row_keys: Sequence[Key], rows: list[str], table: pd.DataFrame) -> Iterator[int]:
    """Positions of the rows at which a group of rows goes from objectives that are fine-tuned to untuned objectives."""
    if "objective" not in rows or "protocol" not in table:
        return
    place, untuned = rows.index("objective"), set(table.loc[is_untuned(table), "objective"])
    for position, (above, row) in enumerate(pairwise(row_keys), start=1):
        if above[:place] == row[:place] and row[place] in untuned and above[place] not in untuned:
            yield position


def _headers(column_keys: list[Key], columns: list[str], beside: Mapping[str, object]) -> list:
    if len(columns) == 1:
        return [_name(columns[0], key) for (key,) in column_keys] + list(beside)
    named = [tuple(_name(kind, key) for kind, key in zip(columns, keys, strict=True)) for keys in column_keys]
    return named + [("",) * (len(columns) - 1) + (title,) for title in beside]


def _name(kind: str, key: str) -> str:
    return NAMES[kind](key) if kind in NAMES else key


def seeds(table: pd.DataFrame, rows: list[str]) -> dict[Key, str]:
    """The number of seeds of each row of a grid, e.g. "3" or "2–3"."""
    by_row: dict[Key, list[int]] = {}
    for *row, count in table[[*rows, "n_seeds"]].itertuples(index=False, name=None):
        by_row.setdefault(tuple(row), []).append(int(count))
    return {row: DASH.join(dict.fromkeys([str(min(counts)), str(max(counts))])) for row, counts in by_row.items()}
