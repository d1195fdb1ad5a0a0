"""Finds the objective that represents G-Loss in each cell, and the scores of it and its baselines."""

from collections.abc import Iterator

import pandas as pd

from glossbench.evidence.claims.measurement import Cell
from glossbench.evidence.statistics.scores import scores
from glossbench.evidence.text.names import in_order

RUN = ["corpus", "encoder", "objective", "seed"]  # columns that identify a run


def competitions(runs: pd.DataFrame, measure: dict) -> Iterator[tuple[Cell, str, pd.DataFrame]]:
    """Iterate over the cells in which a form of G-Loss was run. Objectives with presets or changes are left out.

    Args:
        runs: The collected frame.
        measure: A claim's ``measure``, with gloss, baselines and metric.

    Yields:
        (corpus, encoder); the objective that represents G-Loss; a frame of scores by seed (rows) and objective
        (columns: G-Loss first, then the baselines that were run), NaN where one was not run with a seed.
    """
    table = scores(runs[runs["objective"].isin([*measure["gloss"], *measure["baselines"]])], measure["metric"])
    for cell, group in cells_of(table):
        wide = group.pivot_table("score", "seed", "objective")
        gloss = chosen(wide, measure["gloss"])
        if gloss:
            yield cell, gloss, wide[[gloss, *(baseline for baseline in measure["baselines"] if baseline in wide)]]


def cells_of(table: pd.DataFrame) -> Iterator[tuple[Cell, pd.DataFrame]]:
    """The rows of each (corpus, encoder), in display order."""
    groups = dict(iter(table.groupby(["corpus", "encoder"])))
    for corpus in in_order([corpus for corpus, _ in groups], "corpus"):
        for encoder in in_order([name for other, name in groups if other == corpus], "encoder"):
            yield (corpus, encoder), groups[corpus, encoder]


def chosen(run: pd.DataFrame | list[str], candidates: list[str]) -> str | None:
    """The first candidate that was run; None if none was."""
    return next((key for key in candidates if key in run), None)


def behind(cell: Cell, table: pd.DataFrame) -> set[tuple]:
    """The runs in a cell's table (seeds, columns), as tuples (corpus, encoder, column, seed)."""
    return {(*cell, column, seed) for column in table.columns for seed in table.index}


def runs_of(rows: pd.DataFrame) -> frozenset[tuple]:
    """Rows of the collected frame as tuples (corpus, encoder, objective, seed)."""
    return frozenset(rows[RUN].itertuples(index=False, name=None))


def listed(keys: list[str]) -> str:
    """Keys as part of a sentence: "a, b and c"."""
    return ", ".join(keys[:-1]) + " and " + keys[-1] if len(keys) > 1 else "".join(keys)
