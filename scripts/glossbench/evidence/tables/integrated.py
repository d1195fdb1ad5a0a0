"""T2: encoder and head trained together, test accuracy and macro-F1 of every objective on every corpus."""

import pandas as pd

from glossbench.evidence.selection import of_protocol
from glossbench.evidence.tables.grid import grid, seeds
from glossbench.evidence.tables.scores import marks, over_seeds
from glossbench.evidence.text.layout import Layout
from glossbench.evidence.text.numbers import mean_spread

WIDEST = 6
NOTES = (
    "The published table's caption speaks of mean and variance; the size of its numbers fits a standard deviation "
    "(D13), and a standard deviation is what stands here.",
)


def select(runs: pd.DataFrame) -> pd.DataFrame:
    """Integrated runs whose objective changes no setting."""
    return of_protocol(runs, "integrated")


def tidy(runs: pd.DataFrame) -> pd.DataFrame:
    """One row a corpus, encoder, objective and metric (accuracy, macro_f1): mean, std in percent, n_seeds, rank.

    ``runs`` is the collected runs.parquet; see ``over_seeds`` for what the numbers mean.
    """
    return over_seeds(select(runs), ["accuracy", "macro_f1"])


def layout(table: pd.DataFrame) -> Layout:
    """Objectives below each other within their encoder, corpora as columns, and the seeds behind the row.

    The two metrics stand beside each other under each corpus as long as that is no wider than six columns, else
    below each other.
    """
    shown = table.assign(text=list(map(mean_spread, table["mean"], table["std"])), mark=marks(table))
    rows, columns = ["encoder", "objective"], ["corpus", "metric"]
    if len(table[columns].drop_duplicates()) > WIDEST:
        rows, columns = ["metric", *rows], ["corpus"]
    return grid(shown, rows, columns, beside={"Seeds": seeds(table, rows)})
