"""T1: the corpora, their sizes, and what an audit of their documents counted."""

import pandas as pd

from glossbench.evidence.text.layout import Layout
from glossbench.evidence.text.names import arrange, corpus_name
from glossbench.evidence.text.numbers import number

COUNTS = {
    "n_documents": "Documents",
    "n_train": "Train",
    "n_val": "Validation",
    "n_test": "Test",
    "n_classes": "Classes",
    "n_empty": "Empty",
    "n_duplicates": "Duplicates",
    "n_test_in_train": "Test in train",
    "n_conflicts": "Conflicts",
}
ABOUT = ["title", "source", "licence"]
NOTES: tuple[str, ...] = ()


def select(runs: pd.DataFrame) -> pd.DataFrame:
    """No row: the table stands on the corpora as prepared, whatever was run on them."""
    return runs.iloc[:0]


def tidy(corpora: pd.DataFrame) -> pd.DataFrame:
    """One row a corpus: its key, the counts as integers, and title, source and licence.

    ``corpora`` is the collected corpora.parquet.
    """
    rows = arrange(corpora, ["corpus"])[["corpus", *COUNTS, *ABOUT]]
    return rows.astype(dict.fromkeys(COUNTS, "int64"))


def layout(table: pd.DataFrame) -> Layout:
    """The tidy table for readers: one row a corpus, the counts as columns."""
    cells = table.set_index(table["corpus"].map(corpus_name).rename("Corpus"))[list(COUNTS)]
    return Layout.unranked(cells.map(number).rename(columns=COUNTS))
