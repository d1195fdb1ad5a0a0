"""Whether runs saw the documents and trained the encoder that a published number was measured with."""

import pandas as pd

from glossbench.evidence.paper.facts import Facts
from glossbench.evidence.text.numbers import number

WHOLE = 0.98  # of the paper's round millions: with or without a pooler and a head it is the same encoder


def differences_from_paper(runs: pd.DataFrame, corpus: str, encoder: str, facts: Facts) -> list[str]:
    """In which respects runs of one cell did less than the paper.

    Args:
        runs: Rows of runs.parquet of that corpus and encoder.
        corpus, encoder: Keys. A corpus that the paper does not have is not judged by its size.
        facts: Sizes in the paper.

    Returns:
        A few words for each difference, none where there is none.
    """
    found = []
    if corpus in facts.documents:
        learned, tested = (runs["n_train"] + runs["n_val"]).min(), runs["n_test"].min()
        to_learn, to_test = facts.documents[corpus]
        if learned != to_learn:
            found.append(f"learned from {number(learned)} of {number(to_learn)} documents")
        if tested != to_test:
            found.append(f"tested on {number(tested)} of {number(to_test)}")
    trained, whole = runs["n_trainable"].min(), facts.parameters.get(encoder, runs["n_parameters"].max())
    if trained < WHOLE * whole:
        found.append(f"trained {trained / 1e6:.1f} of {whole / 1e6:.1f} million parameters")
    return found
