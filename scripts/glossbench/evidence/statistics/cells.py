"""Mean, spread and interval of each cell: one objective with one encoder on one corpus, over its seeds."""

import pandas as pd

from glossbench.evidence.statistics.intervals import bootstrap_interval
from glossbench.evidence.statistics.scores import scores
from glossbench.evidence.text.names import arrange

CELL = ["corpus", "encoder", "protocol", "objective"]
COLUMNS = [*CELL, "n", "mean", "std", "low", "high", "reason"]


def cells(runs: pd.DataFrame, metric: str) -> pd.DataFrame:
    """One row a cell: corpus, encoder, protocol, objective, n, mean, std, low, high, reason.

    n counts the seeds whose score is a number; a cell without any has no row. std is the sample standard
    deviation; low and high are the 95 % percentile bootstrap interval of the mean over seeds. With one seed
    these three are NaN and reason says so, else it is empty. Numbers are in the unit of the metric's column.
    """
    rows = []
    for keys, group in scores(runs, metric).groupby(CELL)["score"]:
        low, high = bootstrap_interval(group)
        reason = "one run: no spread" if len(group) < 2 else ""
        rows.append((*keys, len(group), group.mean(), group.std(), low, high, reason))
    return arrange(pd.DataFrame(rows, columns=COLUMNS), CELL)
