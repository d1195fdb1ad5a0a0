"""Test scores with and without the test documents whose text is also in train or validation."""

import pandas as pd

from glossbench.evidence.selection import unvaried_and_untuned
from glossbench.evidence.statistics.scores import over_seeds
from glossbench.evidence.tables.layout import Layout
from glossbench.evidence.tables.scores import score_grid
from glossbench.evidence.text.numbers import number
from glossbench.frames import EXPERIMENT_OF_PROTOCOL

METRICS = ["accuracy", "accuracy_deduplicated", "macro_f1", "macro_f1_deduplicated"]
ROWS = ["encoder", "corpus", "objective"]
NONE_FOUND = "The text of no test document is also in train or validation, so there is nothing to leave out."

select = unvaried_and_untuned


def tidy(runs: pd.DataFrame) -> pd.DataFrame:
    """Both scores of each cell on a corpus with such documents.

    Returns:
        One row per corpus, encoder, objective and metric; see ``over_seeds``. n_test is the number of test documents,
        n_test_deduplicated that of those whose text is in neither train nor validation.
    """
    rows = select(runs)
    rows = rows[rows["n_test_deduplicated"] < rows["n_test"]]
    sizes = rows.drop_duplicates(EXPERIMENT_OF_PROTOCOL)[[*EXPERIMENT_OF_PROTOCOL, "n_test", "n_test_deduplicated"]]
    return over_seeds(rows, METRICS).merge(sizes, on=EXPERIMENT_OF_PROTOCOL)


def layout(table: pd.DataFrame) -> Layout:
    """One row per encoder, corpus and objective; each score next to the one without the copies."""
    sizes = zip(table["n_test"], table["n_test_deduplicated"], strict=True)
    texts = [f"{number(whole - kept)} of {number(whole)}" for whole, kept in sizes]
    left_out = dict(zip(table[ROWS].itertuples(index=False, name=None), texts, strict=True))
    columns = [(metric,) for metric in METRICS]
    laid_out = score_grid(table, ROWS, ["metric"], column_keys=columns, beside={"Left out": left_out})
    return laid_out.with_notes(None if len(table) else NONE_FOUND)
