"""How much of what a study planned the evidence stands on."""

from collections.abc import Callable

import pandas as pd

CELL = ["corpus", "encoder", "objective"]


def coverage_note(coverage: pd.DataFrame, select: Callable[[pd.DataFrame], pd.DataFrame]) -> str | None:
    """One sentence on the runs behind an exhibit, or None where all that was planned is finished.

    coverage: one row a planned run, its keys and ``finished``. select: the exhibit's choice of rows by their
    keys. ``Stands on 14 of 20 planned runs, 3 to 4 of 5 seeds a cell.``: a cell is a corpus, encoder and objective.
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
