"""Runs in which one setting of an objective was varied."""

import pandas as pd

from glossbench.evidence.text.names import split_objective


def varied(runs: pd.DataFrame, objective: str, setting: str) -> pd.DataFrame:
    """The plain runs of an objective and those that vary this setting alone, with their text in ``variation``.

    The text is what stands behind ``=`` in the key, empty for the plain runs. Other presets do not count.
    """
    texts = {key: variation(key, objective, setting) for key in runs["objective"].unique()}
    rows = runs.assign(variation=runs["objective"].map(texts))
    return rows[rows["variation"].notna()]


def variation(key: str, objective: str, setting: str) -> str | None:
    """The text behind ``setting=`` in a key that changes nothing else; empty for the bare objective, else None."""
    base, changes = split_objective(key)
    if base != objective or changes.startswith("@"):
        return None
    name, _, text = changes.removeprefix(",").partition("=")
    if not changes:
        return ""
    return text if name == setting and "," not in text else None
