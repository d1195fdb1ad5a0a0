"""Which rows a table of plain objectives stands on, by their keys alone."""

import pandas as pd

from glossbench.evidence.text.names import split_objective

GLOSS_FIRST = ("gloss-o", "gloss-sqrt")


def no_settings(runs: pd.DataFrame) -> pd.DataFrame:
    """Rows whose objective key changes no setting: plain objectives, and presets as competitors of their own."""
    return runs[~runs["objective"].str.contains(",", regex=False).astype(bool)]


def of_protocol(runs: pd.DataFrame, protocol: str) -> pd.DataFrame:
    """Rows of one protocol whose objective key changes no setting."""
    rows = no_settings(runs)
    return rows[rows["protocol"] == protocol]


def plain(runs: pd.DataFrame, objectives: tuple[str, ...]) -> pd.DataFrame:
    """Rows of these objectives as such: neither a preset nor a changed setting."""
    return runs[runs["objective"].isin(objectives)]


def with_gloss(runs: pd.DataFrame, rivals: tuple[str, ...], suffix: str = "") -> pd.DataFrame:
    """Plain rows of the rivals and of G-Loss: G-Loss-O, or G-Loss-SQRT for a corpus and encoder without it.

    suffix: ``-ce`` for the integrated protocol.
    """
    best, fallback = (name + suffix for name in GLOSS_FIRST)
    rows = plain(runs, (*rivals, best, fallback))
    places = pd.MultiIndex.from_frame(rows[["corpus", "encoder"]])
    has_best = places.isin(places[rows["objective"] == best])
    return rows[~(has_best & (rows["objective"] == fallback))]


def is_gloss(objective: str) -> bool:
    """Whether a key is that of a G-Loss objective, alone or with CE."""
    return split_objective(objective)[0].removesuffix("-ce") in GLOSS_FIRST
