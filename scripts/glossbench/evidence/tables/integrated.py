"""T2: test accuracy and macro-F1 of every objective on every corpus, encoder and head trained together."""

import pandas as pd

from glossbench.evidence.selection import of_protocol, with_untuned
from glossbench.evidence.tables.layout import Layout, score_grid
from glossbench.evidence.tables.scores import over_seeds, untuned_note

WIDEST = 6
NOTES = (
    "The published table's caption speaks of mean and variance; the size of its numbers fits a standard deviation "
    "(D13), and a standard deviation is what stands here.",
)


def select(runs: pd.DataFrame) -> pd.DataFrame:
    """Integrated runs without changed settings, and the untuned objectives of the same corpora and encoders."""
    return with_untuned(of_protocol(runs, "integrated"), runs)


def tidy(runs: pd.DataFrame) -> pd.DataFrame:
    """Accuracy and macro_f1 in percent, one row per corpus, encoder, objective and metric; see ``over_seeds``."""
    return over_seeds(select(runs), ["accuracy", "macro_f1"])


def layout(table: pd.DataFrame) -> Layout:
    """One row per encoder and objective, corpora as columns.

    The two metrics of a corpus are neighbouring columns if the table then has at most ``WIDEST`` columns; otherwise
    each metric has its own rows. Untuned objectives are below a line.
    """
    laid_out = score_grid(table, ["encoder", "objective"], ["corpus", "metric"], widest=WIDEST)
    return laid_out.with_notes(untuned_note(table))
