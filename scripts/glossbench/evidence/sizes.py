"""Compares the documents and the trained parameters of runs with the paper's."""

import pandas as pd

from glossbench.evidence.text.numbers import number
from glossbench.frames import EXPERIMENT
from glossbench.paper import Facts

# An encoder counts as trained in full from this share of the paper's round millions: counts differ by pooler and head.
WHOLE = 0.98


def size_differences(runs: pd.DataFrame, corpus: str, encoder: str, facts: Facts) -> list[str]:
    """Short descriptions of the differences in size between the runs of one corpus and encoder and the paper's.

    The documents of a corpus that the paper does not have are not compared.
    """
    differences = []
    if corpus in facts.documents:
        learned, tested = (runs["n_train"] + runs["n_val"]).min(), runs["n_test"].min()
        to_learn, to_test = facts.documents[corpus]
        if learned != to_learn:
            differences.append(f"learned from {number(learned)} of {number(to_learn)} documents")
        if tested != to_test:
            differences.append(f"tested on {number(tested)} of {number(to_test)}")
    trained, total = runs["n_trainable"].min(), facts.parameters.get(encoder, runs["n_parameters"].max())
    if trained < WHOLE * total:
        differences.append(f"trained {number(trained / 1e6, 1)} of {number(total / 1e6, 1)} million parameters")
    return differences


def differences_by_cell(runs: pd.DataFrame, facts: Facts) -> dict[tuple[str, ...], str]:
    """The ``size_differences`` of each corpus, encoder and objective, as one text."""
    return {cell: ", ".join(size_differences(own, *cell[:2], facts)) for cell, own in runs.groupby(EXPERIMENT)}
