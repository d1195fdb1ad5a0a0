"""Sizes of the paper's corpora and encoders, by our keys."""

from dataclasses import dataclass
from pathlib import Path

from glossbench.evidence.paper.published import key_of, read_published


@dataclass(frozen=True)
class Facts:
    """Sizes of the paper's corpora and encoders.

    Args:
        documents: By corpus, the number of documents to learn from and to test on. The former are training and
            validation documents together, because validation splits may differ.
        parameters: By encoder, the number of parameters, which the paper rounds to millions.
    """

    documents: dict[str, tuple[int, int]]
    parameters: dict[str, float]


def read_facts(folder: str | Path) -> Facts:
    """Read the facts from config/published/.

    Raises:
        GlossbenchError: A file is missing or lacks a column.
    """
    corpora, encoders = read_published(folder, "corpora"), read_published(folder, "encoders")
    learned = corpora["train"] + corpora["validation"].fillna(0).astype(int)
    return Facts(
        documents=dict(zip(corpora["corpus"], zip(learned, corpora["test"], strict=True), strict=True)),
        parameters={
            key_of(folder, "encoder", row.encoder): float(row.parameters) for row in encoders.itertuples(index=False)
        },
    )
