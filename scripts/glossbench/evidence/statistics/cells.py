"""Mean, spread and interval of each cell: one objective with one encoder on one corpus, over its seeds."""

import pandas as pd

from glossbench.evidence.statistics.intervals import t_interval
from glossbench.evidence.statistics.scores import scores
from glossbench.evidence.text.names import arrange
from glossbench.frames import CELL_OF_PROTOCOL

COLUMNS = [*CELL_OF_PROTOCOL, "n", "mean", "std", "low", "high", "reason"]


def cells(runs: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Mean, spread and interval of each cell.

    Args:
        runs: The collected runs.
        metric: Name of a metric or of a column.

    Returns:
        One row per cell with a score. Columns corpus, encoder, protocol, objective, n (seeds with a score), mean, std
        (sample standard deviation), low and high (Student's 95 % interval of the mean over seeds) and
        reason. With one seed, std, low and high are NaN and reason says so; otherwise reason is empty. Numbers have
        the unit of the metric's column.
    """
    rows = []
    for keys, group in scores(runs, metric).groupby(CELL_OF_PROTOCOL)["score"]:
        low, high = t_interval(group)
        reason = "one run: no spread" if len(group) < 2 else ""
        rows.append((*keys, len(group), group.mean(), group.std(), low, high, reason))
    return arrange(pd.DataFrame(rows, columns=COLUMNS), CELL_OF_PROTOCOL)
