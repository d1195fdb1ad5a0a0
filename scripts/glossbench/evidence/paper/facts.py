"""The sizes of the paper's corpora and encoders, under the keys that our own frames use."""

from dataclasses import dataclass
from pathlib import Path

from glossbench.evidence.paper.published import key_of, read_published


@dataclass(frozen=True)
class Facts:
    """What the paper trained, and on what.

    Args:
        documents: By corpus, how many documents it learned from (training and validation together, since who holds
            out what may differ) and how many it tested on.
        parameters: By encoder, as the paper counts them, in round millions.
    """

    documents: dict[str, tuple[int, int]]
    parameters: dict[str, float]


def read_facts(folder: str | Path) -> Facts:
    """The facts in config/published/. Raises GlossbenchError where a file is missing or has another form."""
    corpora, encoders = read_published(folder, "corpora"), read_published(folder, "encoders")
    learned = corpora["train"] + corpora["validation"].fillna(0).astype(int)
    return Facts(
        documents=dict(zip(corpora["corpus"], zip(learned, corpora["test"], strict=True), strict=True)),
        parameters={
            key_of(folder, "encoder", row.encoder): float(row.parameters) for row in encoders.itertuples(index=False)
        },
    )
