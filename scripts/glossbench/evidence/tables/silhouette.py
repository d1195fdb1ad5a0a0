"""T4: silhouette and time per epoch of G-Loss and SCL."""

from itertools import product
from typing import Any

import pandas as pd

from glossbench.evidence.tables.layout import Layout
from glossbench.evidence.tables.scores import score_grid, select, tidy
from glossbench.evidence.text.names import is_gloss, objective_name

__all__ = ["layout", "select", "tidy"]


def layout(table: pd.DataFrame, metrics: list[str], **_: Any) -> Layout:
    """One row per encoder and corpus, both losses as columns, and the name of the G-Loss objective."""
    sides = table.assign(side=["G-Loss" if is_gloss(key) else "SCL" for key in table["objective"]])
    gloss = sides[sides["side"] == "G-Loss"].set_index(["encoder", "corpus"])["objective"]
    return score_grid(
        sides,
        ["encoder", "corpus"],
        ["metric", "side"],
        column_keys=list(product(metrics, ("G-Loss", "SCL"))),
        beside={"G-Loss is": gloss.map(objective_name).to_dict()},
        worded={("", "G-Loss is")},
    )
