"""T1: the corpora, their sizes, and counts of unusual documents."""

import pandas as pd

from glossbench.evidence.selection import no_rows
from glossbench.evidence.tables.layout import Layout
from glossbench.evidence.text.names import arrange
from glossbench.evidence.text.numbers import number

ABOUT = ["title", "source", "licence"]

select = no_rows  # the table describes the prepared corpora, whatever was run on them


def tidy(corpora: pd.DataFrame, counts: dict[str, str]) -> pd.DataFrame:
    """One row per corpus: corpus, the counts (integers), title, source and licence."""
    return arrange(corpora, ["corpus"])[["corpus", *counts, *ABOUT]].astype(dict.fromkeys(counts, "int64"))


def layout(table: pd.DataFrame, counts: dict[str, str]) -> Layout:
    """One row per corpus, and a column per count, whose title ``counts`` has."""
    return Layout.unranked(table, ["corpus"], {title: table[count].map(number) for count, title in counts.items()})
