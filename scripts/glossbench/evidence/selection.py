"""Which rows of a frame a table, a figure or a test is about, by the columns that say what an objective's key means.

``base`` is the entry of the registry, ``unvaried`` the key without changed settings, ``setting`` and ``value`` what is
changed (empty where nothing is). An objective with a preset competes with the others; one with a changed setting is the
same competitor, varied.
"""

from collections.abc import Sequence

import pandas as pd

RELATIVE = "x"  # "x1.5" is 1.5 times the value that the unvaried objective uses
NEARBY = ("x0.9", "x1.1")  # the steps of the sensitivity analysis
CELL = ["corpus", "encoder", "protocol", "objective"]


def unvaried(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of objectives without changed settings, of every preset."""
    return rows[rows["setting"] == ""]


def bare(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of objectives whose key names neither a preset nor a changed setting."""
    return rows[rows["objective"] == rows["base"]]


def of_protocol(rows: pd.DataFrame, protocol: str) -> pd.DataFrame:
    """Unvaried rows of one protocol."""
    rows = unvaried(rows)
    return rows[rows["protocol"] == protocol]


def with_gloss(
    rows: pd.DataFrame, gloss: Sequence[str], baselines: Sequence[str], by: Sequence[str] = ("corpus", "encoder")
) -> pd.DataFrame:
    """Rows of the baselines and of the one objective that stands for G-Loss.

    Args:
        rows: Rows of a frame of runs.
        gloss: Objective keys; in each group the first that was run is taken.
        baselines: Objective keys.
        by: Columns that make up a group.
    """
    rows = rows[rows["objective"].isin([*gloss, *baselines])]
    places = rows["objective"].map({key: place for place, key in enumerate(gloss)})
    first = places.groupby([rows[column] for column in by]).transform("min")
    return rows[places.isna() | (places == first)]


def one_at_a_time(rows: pd.DataFrame, settings: Sequence[str]) -> pd.DataFrame:
    """The rows that change exactly one of ``settings`` and nothing else, and the unvaried rows of their objectives.

    An unvaried row is kept where its corpus, encoder and protocol have a row that varies its objective. ``objective``
    becomes the key without changed settings.
    """
    chosen = rows[rows["setting"].isin(["", *settings])]
    chosen = chosen.assign(objective=chosen["unvaried"])
    kept = (chosen["setting"] != "").groupby([chosen[key] for key in CELL]).transform("any")
    return chosen[kept.astype(bool)]


def variations(runs: pd.DataFrame, objective: str, setting: str) -> pd.DataFrame:
    """The rows of an objective that change this setting alone, and those that change nothing."""
    return runs[(runs["unvaried"] == objective) & runs["setting"].isin(["", setting])]


def is_relative(values: pd.Series) -> pd.Series:
    """Whether each value of a key is a multiple (``x1.5``) and not the value itself."""
    return values.astype(str).str.startswith(RELATIVE)


def numbers(values: pd.Series) -> pd.Series:
    """The values of keys as numbers, multiples without their mark; NaN for words and empty texts."""
    return pd.to_numeric(values.astype(str).str.removeprefix(RELATIVE), errors="coerce").astype(float)
