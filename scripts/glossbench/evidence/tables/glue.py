"""T6: accuracy on the larger corpora of GLUE, integrated protocol."""

import pandas as pd

from glossbench.evidence.tables.grid import grid, seeds
from glossbench.evidence.tables.scores import marks, over_seeds
from glossbench.evidence.tables.selection import with_gloss
from glossbench.evidence.text.layout import Layout, mean_spread

CORPORA = ("sst2", "qnli")
RIVALS = ("ce", "scl-ce")
NOTES = ("The paper prints one number a cell here, without a spread.",)


def select(runs: pd.DataFrame) -> pd.DataFrame:
    """Plain CE, SCL + CE and G-Loss-O + CE on SST-2 and QNLI; G-Loss-SQRT + CE where G-Loss-O + CE was not run."""
    return with_gloss(runs[runs["corpus"].isin(CORPORA)], RIVALS, "-ce")


def tidy(runs: pd.DataFrame) -> pd.DataFrame:
    """One row a corpus, encoder and objective: accuracy in percent, mean, std, n_seeds, rank; see ``over_seeds``."""
    return over_seeds(select(runs), ["accuracy"])


def layout(table: pd.DataFrame) -> Layout:
    """Objectives below each other within their encoder, the corpora as columns."""
    shown = table.assign(text=list(map(mean_spread, table["mean"], table["std"])), mark=marks(table))
    rows = ["encoder", "objective"]
    return grid(shown, rows, ["corpus"], beside={"Seeds": seeds(table, rows)})
