"""The share of a study's planned runs that a table or figure is made from."""

from collections.abc import Callable

import pandas as pd

CELL = ["corpus", "encoder", "objective"]


def coverage_note(coverage: pd.DataFrame, select: Callable[[pd.DataFrame], pd.DataFrame]) -> str | None:
    """A sentence about the runs behind a table or figure.

    For example "Stands on 14 of 20 planned runs, 3 to 4 of 5 seeds a cell.", where a cell is a corpus, encoder and
    objective.

    Args:
        coverage: One row per planned run, with its keys and ``finished``.
        select: Returns the rows that the table or figure uses.

    Returns:
        The sentence; None if all planned runs are finished.
    """
    planned = select(coverage)
    finished = planned["finished"].astype(bool)
    if finished.all():
        return None
    cells = finished.groupby([planned[key] for key in CELL]).agg(["sum", "size"])
    return (
        f"Stands on {finished.sum():,} of {len(planned):,} planned runs, "
        f"{_from_to(cells['sum'])} of {_from_to(cells['size'])} seeds a cell."
    )


def _from_to(counts: pd.Series) -> str:
    low, high = counts.min(), counts.max()
    return str(low) if low == high else f"{low} to {high}"
