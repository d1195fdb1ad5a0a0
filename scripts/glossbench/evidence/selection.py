"""Selects the rows of a frame that a table, a figure or a test uses, by the columns of the objective's key.

``base`` is the entry of the registry, ``unvaried`` the key without changed settings, ``setting`` and ``value`` the
change (empty if there is none). An objective with a preset counts as an objective of its own. An objective with a
changed setting is a variation of the one without. Untuned objectives, which fine-tune nothing, take part in no
comparison: only ``with_untuned`` and ``unvaried_and_untuned`` select them.
"""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from glossbench.frames import CELL, EXPERIMENT_OF_PROTOCOL
from glossbench.settings.model import UNTUNED

RELATIVE = "x"  # mark of a multiple: "x1.5" is 1.5 times the value that the unvaried objective uses


def no_rows(rows: pd.DataFrame, **_: Any) -> pd.DataFrame:
    """No rows: the selection of a table or figure that does not depend on runs."""
    return rows.iloc[:0]


def unvaried(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of objectives without changed settings, of every preset."""
    return trained(rows[rows["setting"] == ""])


def unvaried_and_untuned(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of objectives without changed settings, of every preset, and of untuned objectives."""
    return rows[rows["setting"] == ""]


def trained(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of objectives that fine-tune an encoder."""
    return rows[~is_untuned(rows)]


def is_untuned(rows: pd.DataFrame) -> pd.Series:
    """Whether each row is of an objective that fine-tunes nothing. Projections, which have no protocol, have none."""
    if "protocol" not in rows:
        return pd.Series(False, index=rows.index)
    return rows["protocol"] == UNTUNED


def with_untuned(chosen: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """The chosen ones of some rows, and the rows of untuned objectives of the same corpora and encoders."""
    cells, wanted = (pd.MultiIndex.from_frame(frame[CELL]) for frame in (rows, chosen))
    return rows[rows.index.isin(chosen.index) | (is_untuned(rows) & cells.isin(wanted))]


def bare(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of objectives whose key names neither a preset nor a changed setting."""
    return trained(rows[rows["objective"] == rows["base"]])


def of_protocol(rows: pd.DataFrame, protocol: str) -> pd.DataFrame:
    """Unvaried rows of one protocol."""
    rows = unvaried(rows)
    return rows[rows["protocol"] == protocol]


def with_gloss(
    rows: pd.DataFrame, gloss: Sequence[str], baselines: Sequence[str], by: Sequence[str] = CELL
) -> pd.DataFrame:
    """Rows of the baselines and of G-Loss: in each group with equal ``by``, the first of ``gloss`` that was run."""
    rows = rows[rows["objective"].isin([*gloss, *baselines])]
    places = rows["objective"].map({key: place for place, key in enumerate(gloss)})
    first = places.groupby([rows[column] for column in by]).transform("min")
    return rows[places.isna() | (places == first)]


def one_at_a_time(rows: pd.DataFrame, settings: Sequence[str]) -> pd.DataFrame:
    """Rows that change exactly one of ``settings`` and nothing else, and the unvaried rows of their objectives.

    An unvaried row is kept if a row of the same corpus, encoder and protocol varies its objective. In the result,
    ``objective`` is the key without changed settings.
    """
    rows = rows[rows["setting"].isin(["", *settings])]
    rows = rows.assign(objective=rows["unvaried"])
    kept = (rows["setting"] != "").groupby([rows[key] for key in EXPERIMENT_OF_PROTOCOL]).transform("any")
    return rows[kept.astype(bool)]


def variations(runs: pd.DataFrame, objective: str, setting: str) -> pd.DataFrame:
    """Rows of an objective that change this setting alone, and its unvaried rows."""
    return runs[(runs["unvaried"] == objective) & runs["setting"].isin(["", setting])]


def is_relative(values: pd.Series) -> pd.Series:
    """Whether each value of a key is a multiple (``x1.5``), not an absolute value."""
    return values.astype(str).str.startswith(RELATIVE)


def numbers(values: pd.Series) -> pd.Series:
    """Values of keys as numbers, multiples without their mark; NaN for words and empty text."""
    return pd.to_numeric(values.astype(str).str.removeprefix(RELATIVE), errors="coerce").astype(float)
