"""The scores that a test is about: one number a run, under the name of its metric."""

import pandas as pd

from glossbench.errors import GlossbenchError

KEYS = ["corpus", "encoder", "protocol", "objective", "seed"]


def scores(runs: pd.DataFrame, metric: str) -> pd.DataFrame:
    """corpus, encoder, protocol, objective, seed, score: the runs whose score is a number.

    metric: a column of ``runs``, or what stands behind ``test_`` in its name. Raises GlossbenchError where there
    is no such column.
    """
    column = metric if metric in runs else f"test_{metric}"
    if column not in runs:
        raise GlossbenchError(f"runs.parquet: no column {metric} or test_{metric}; columns here: {', '.join(runs)}")
    return runs[[*KEYS, column]].rename(columns={column: "score"}).dropna(subset="score")
