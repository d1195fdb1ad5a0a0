"""The table of scores at the top of the report: every objective with its intervals."""

import pandas as pd

from glossbench.evidence.selection import unvaried_and_untuned
from glossbench.evidence.statistics.cells import cells
from glossbench.evidence.tables.grid import grid, seeds
from glossbench.evidence.text.layout import Layout
from glossbench.evidence.text.numbers import number

METRICS = ("accuracy", "macro_f1")
WIDEST = 4  # columns with scores
NOTE = (
    "Mean test score in percent with Student's 95 % interval of the mean over seeds, cut off at 0 and 100. One run has "
    "no interval, and with two runs it is wide. Objectives with changed settings are left out. Untuned "
    "objectives train nothing."
)


def scores_table(runs: pd.DataFrame) -> Layout:
    """Accuracy and macro-F1 of every objective without changed settings, and of untuned objectives.

    The two metrics of a corpus are neighbouring columns if the table then has at most ``WIDEST`` columns; otherwise
    each metric has its own rows.

    Args:
        runs: The collected runs.
    """
    own = unvaried_and_untuned(runs)
    table = pd.concat([cells(own, metric).assign(metric=metric) for metric in METRICS], ignore_index=True)
    texts = [_text(*scores) for scores in table[["mean", "low", "high"]].itertuples(index=False, name=None)]
    shown = table.assign(text=texts, mark=0, n_seeds=table["n"])
    rows, columns = ["encoder", "protocol", "objective"], ["corpus", "metric"]
    if len(shown[columns].drop_duplicates()) > WIDEST:
        rows, columns = ["metric", *rows], ["corpus"]
    return grid(shown, rows, columns, beside={"Seeds": seeds(shown, rows)}).with_notes(NOTE)


def _text(mean: float, low: float, high: float) -> str:
    """For example "85.64 [84.10, 87.18]"; the mean alone if there is no interval."""
    if pd.isna(low):
        return number(100 * mean, 2)
    return f"{number(100 * mean, 2)} [{number(100 * max(low, 0), 2)}, {number(100 * min(high, 1), 2)}]"
