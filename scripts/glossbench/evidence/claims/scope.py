"""Finds the cells in which the runs match the paper's: its corpora, its encoders, all documents."""

from typing import Any

import numpy as np
import pandas as pd

from glossbench.evidence.paper.comparable import differences_from_paper
from glossbench.evidence.paper.facts import Facts

PAPER, OTHER = "paper", "other data"


def paper_cells(runs: pd.DataFrame, paper: dict[str, list[str]], facts: Facts) -> frozenset[tuple[str, str]]:
    """The (corpus, encoder) pairs of a claim in the paper whose runs all match the paper's.

    Args:
        runs: The collected frame.
        paper: A claim's ``paper``, with corpora and encoders.
        facts: The paper's sizes.
    """
    listed = runs["corpus"].isin(paper["corpora"]) & runs["encoder"].isin(paper["encoders"])
    cells = runs[listed].groupby(["corpus", "encoder"])
    return frozenset(cell for cell, own in cells if not differences_from_paper(own, *cell, facts))


def restricted(frames: dict[str, Any], cells: frozenset[tuple[str, str]]) -> dict[str, Any]:
    """The frames with only the rows of these (corpus, encoder) pairs."""
    return {name: None if frame is None else frame[_among(frame, cells)] for name, frame in frames.items()}


def _among(frame: pd.DataFrame, cells: frozenset[tuple[str, str]]) -> np.ndarray:
    return np.array([cell in cells for cell in zip(frame["corpus"], frame["encoder"], strict=True)], dtype=bool)
