"""Scores of runs for tests: one number per run."""

import pandas as pd

from glossbench.errors import GlossbenchError

KEYS = ["corpus", "encoder", "protocol", "objective", "seed"]


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
    return runs[[*KEYS, column]].rename(columns={column: "score"}).dropna(subset="score")
