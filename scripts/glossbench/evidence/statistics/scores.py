"""Scores of runs for tests: one number per run. And their mean, spread and interval per cell."""

import pandas as pd

from glossbench.errors import GlossbenchError
from glossbench.evidence.statistics.intervals import t_interval
from glossbench.evidence.text.names import arrange
from glossbench.frames import CELL_OF_PROTOCOL

COLUMNS = [*CELL_OF_PROTOCOL, "n", "mean", "std", "low", "high", "reason"]


def scores(runs: pd.DataFrame, metric: str) -> pd.DataFrame:
    """The scores of all runs that have one.

    Args:
        runs: The collected runs.
        metric: A column of ``runs``, with or without its prefix ``test_``.

    Returns:
        Columns corpus, encoder, protocol, objective, seed and score.

    Raises:
        GlossbenchError: There is no such column.
    """
    column = metric if metric in runs else f"test_{metric}"
    if column not in runs:
        raise GlossbenchError(f"runs.parquet: no column {metric} or test_{metric}; columns here: {', '.join(runs)}")
    return runs[[*CELL_OF_PROTOCOL, "seed", column]].rename(columns={column: "score"}).dropna(subset="score")


def has_scores(runs: pd.DataFrame, metric: str) -> bool:
    """Whether there is such a column."""
    return metric in runs or f"test_{metric}" in runs


def cells(runs: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Mean, spread and interval of each cell: an objective with an encoder on a corpus, over its seeds.

    Returns:
        One row per cell with a score. Columns corpus, encoder, protocol, objective, n (seeds with a score), mean, std
        (sample standard deviation), low and high (Student's 95 % interval of the mean over seeds) and reason. With one
        seed, std, low and high are NaN and reason says so; otherwise reason is empty. Numbers have the unit of the
        metric's column.
    """
    rows = []
    for keys, group in scores(runs, metric).groupby(CELL_OF_PROTOCOL)["score"]:
        reason = "one run: no spread" if len(group) < 2 else ""
        rows.append((*keys, len(group), group.mean(), group.std(), *t_interval(group), reason))
    return arrange(pd.DataFrame(rows, columns=COLUMNS), CELL_OF_PROTOCOL)
