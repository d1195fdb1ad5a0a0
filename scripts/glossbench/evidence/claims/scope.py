"""How far a verdict reaches: the paper, a part of the paper's grid, or other data."""

from typing import Any

import numpy as np
import pandas as pd

from glossbench.evidence.claims.measurement import Cell
from glossbench.evidence.claims.support import FEWEST_SEEDS, Support

PAPER, PART, OTHER = "paper", "part of the paper's grid", "other data"


def grid_of(paper: dict[str, Any]) -> frozenset[Cell]:
    """The (corpus, encoder) pairs of a claim in the paper."""
    return frozenset((corpus, encoder) for corpus in paper["corpora"] for encoder in paper["encoders"])


def scope_of(cells: frozenset[Cell], departures: list[str], paper: dict[str, Any], support: Support) -> str:
    """The scope of a verdict.

    Args:
        cells: The cells that it rests on.
        departures: From ``departures``.
        paper: The claim's ``paper``.
        support: What the verdict rests on.
    """
    if departures or not cells <= grid_of(paper):
        return OTHER
    whole = cells == grid_of(paper) and (support.seeds is None or support.seeds >= FEWEST_SEEDS)
    return PAPER if whole else PART


def scope_text(scope: str, cells: frozenset[Cell], departures: list[str], paper: dict[str, Any]) -> str:
    """The scope in words, with the size of the part or with every departure."""
    if scope == PART:
        return f"{PART} ({len(cells)} of its {len(grid_of(paper))} cells)"
    return f"{OTHER} ({'; '.join(departures)})" if scope == OTHER else scope


def restricted(frames: dict[str, Any], cells: frozenset[Cell]) -> dict[str, Any]:
    """The frames with only the rows of these (corpus, encoder) pairs."""
    return {name: None if frame is None else frame[_among(frame, cells)] for name, frame in frames.items()}


def _among(frame: pd.DataFrame, cells: frozenset[Cell]) -> np.ndarray:
    return np.array([cell in cells for cell in zip(frame["corpus"], frame["encoder"], strict=True)], dtype=bool)
