"""T6: accuracy on the larger corpora of GLUE, integrated protocol."""

import pandas as pd

from glossbench.evidence.selection import with_gloss
from glossbench.evidence.tables.layout import Layout, score_grid
from glossbench.evidence.tables.scores import over_seeds

NOTES = ("The paper prints one number a cell here, without a spread.",)


def select(runs: pd.DataFrame, gloss: list[str], baselines: list[str], corpora: list[str]) -> pd.DataFrame:
    """Rows of the baselines and of G-Loss on these corpora; see ``with_gloss``."""
    return with_gloss(runs[runs["corpus"].isin(corpora)], gloss, baselines)


def tidy(runs: pd.DataFrame, **compared: list[str]) -> pd.DataFrame:
    """Accuracy in percent, one row per corpus, encoder and objective; see ``over_seeds``."""
    return over_seeds(select(runs, **compared), ["accuracy"])


def layout(table: pd.DataFrame, **_: list[str]) -> Layout:
    """One row per encoder and objective, corpora as columns."""
    return score_grid(table, ["encoder", "objective"], ["corpus"])
