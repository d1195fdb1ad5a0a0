"""Which objective is G-Loss in a cell, and the seeds that it shares with its baselines."""

from collections.abc import Iterator

import pandas as pd

from glossbench.evidence.statistics.scores import scores
from glossbench.evidence.text.names import in_order

Cell = tuple[str, str]


def competitions(runs: pd.DataFrame, measure: dict) -> Iterator[tuple[Cell, str, pd.DataFrame]]:
    """For each cell with one: (corpus, encoder), the objective that is G-Loss there, scores (seeds, objectives).

    The frame has the score of G-Loss and of whichever baselines were run, by seed, with gaps. Bare objectives alone.
    """
    table = scores(runs[runs["objective"].isin([*measure["gloss"], *measure["baselines"]])], measure["metric"])
    for cell, group in cells_of(table):
        wide = group.pivot_table("score", "seed", "objective")
        gloss = chosen(wide, measure["gloss"])
        if gloss:
            yield cell, gloss, wide[[gloss, *(baseline for baseline in measure["baselines"] if baseline in wide)]]


def cells_of(table: pd.DataFrame) -> Iterator[tuple[Cell, pd.DataFrame]]:
    """The rows of each (corpus, encoder), in readers' order."""
    groups = dict(iter(table.groupby(["corpus", "encoder"])))
    for corpus in in_order([corpus for corpus, _ in groups], "corpus"):
        for encoder in in_order([name for other, name in groups if other == corpus], "encoder"):
            yield (corpus, encoder), groups[corpus, encoder]


def chosen(run: pd.DataFrame | list[str], candidates: list[str]) -> str | None:
    """The first of the candidates that is among what was run."""
    return next((key for key in candidates if key in run), None)


def behind(cell: Cell, table: pd.DataFrame) -> set[tuple]:
    """The runs of a cell's table (seeds, columns): one tuple each, of the cell, column and seed."""
    return {(*cell, column, seed) for column in table.columns for seed in table.index}


def listed(keys: list[str]) -> str:
    """Keys in a sentence."""
    return ", ".join(keys[:-1]) + " and " + keys[-1] if len(keys) > 1 else "".join(keys)
