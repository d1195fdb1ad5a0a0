"""T1: the corpora, their sizes, and counts of unusual documents."""

import pandas as pd

from glossbench.evidence.selection import no_rows
from glossbench.evidence.tables.layout import Layout
from glossbench.evidence.text.names import arrange
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

select = no_rows  # the table describes the prepared corpora, whatever was run on them


def tidy(corpora: pd.DataFrame) -> pd.DataFrame:
    """The counts of each corpus.

    Args:
        corpora: The collected corpora.

    Returns:
        One row per corpus: corpus, the counts (integers), title, source and licence.
    """
    rows = arrange(corpora, ["corpus"])[["corpus", *COUNTS, *ABOUT]]
    return rows.astype(dict.fromkeys(COUNTS, "int64"))


def layout(table: pd.DataFrame) -> Layout:
    """One row per corpus, the counts as columns."""
    return Layout.unranked(table, ["corpus"], {title: table[count].map(number) for count, title in COUNTS.items()})
