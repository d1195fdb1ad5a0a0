"""Whether what was run is what the paper ran: its corpora, its encoders, all documents."""

from typing import Any

import numpy as np
import pandas as pd

# Documents to learn from (train and validation together) and to test on; T1, and GLUE's own sizes, whose
# validation part is what one can test on.
DOCUMENTS = {
    "mr": (7108, 3554),
    "r8": (5485, 2189),
    "r52": (6532, 2568),
    "ohsumed": (3357, 4043),
    "20ng": (11314, 7532),
    "sst2": (67349, 872),
    "qnli": (104743, 5463),
}
PAPER, OTHER = "paper", "other data"


def paper_cells(runs: pd.DataFrame, paper: dict[str, list[str]]) -> frozenset[tuple[str, str]]:
    """The (corpus, encoder) pairs that the paper has, run here on all documents by every run there is of them."""
    listed = runs["corpus"].isin(paper["corpora"]) & runs["encoder"].isin(paper["encoders"])
    learned = runs["n_train"] + runs["n_val"]
    wanted = [DOCUMENTS.get(corpus, (None, None)) for corpus in runs["corpus"]]
    whole = (learned == [learn for learn, _ in wanted]) & (runs["n_test"] == [test for _, test in wanted])
    by_cell = (listed & whole).groupby([runs["corpus"], runs["encoder"]]).all()
    return frozenset(by_cell.index[by_cell])


def restricted(frames: dict[str, Any], cells: frozenset[tuple[str, str]]) -> dict[str, Any]:
    """The frames with the rows of these cells alone."""
    return {name: None if frame is None else frame[_among(frame, cells)] for name, frame in frames.items()}


def _among(frame: pd.DataFrame, cells: frozenset[tuple[str, str]]) -> np.ndarray:
    return np.array([cell in cells for cell in zip(frame["corpus"], frame["encoder"], strict=True)], dtype=bool)
