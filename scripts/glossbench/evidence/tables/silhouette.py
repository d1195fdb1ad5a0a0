"""T4: silhouette and time per epoch of G-Loss and SCL."""

from dataclasses import replace
from itertools import product

import pandas as pd

from glossbench.evidence.selection import with_gloss
from glossbench.evidence.tables.layout import Layout, score_grid
from glossbench.evidence.tables.scores import over_seeds
from glossbench.evidence.text.names import is_gloss, objective_name

METRICS = ["macro_silhouette", "seconds_per_epoch"]
NOTES = (
    "An epoch on MR took 9.2 s by the paper's text, 27.74 s by its appendix (D12).",
    "In the paper's numbers an epoch of SCL takes 1.14 to 1.19 times as long as one of G-Loss, so the 12 to 16 % of "
    "its text fit only if they are what G-Loss saves (D26).",
)

select = with_gloss


def tidy(runs: pd.DataFrame, **compared: list[str]) -> pd.DataFrame:
    """macro_silhouette and seconds_per_epoch, one row per corpus, encoder, objective and metric; see ``over_seeds``."""
    return over_seeds(select(runs, **compared), METRICS)


def layout(table: pd.DataFrame, **_: list[str]) -> Layout:
    """One row per encoder and corpus, both losses as columns, and the name of the G-Loss objective."""
    of_gloss = table["objective"].map(is_gloss).astype(bool)
    gloss = table[of_gloss]
    cells = gloss[["encoder", "corpus"]].itertuples(index=False, name=None)
    laid_out = score_grid(
        table.assign(side=of_gloss.map({True: "G-Loss", False: "SCL"})),
        ["encoder", "corpus"],
        ["metric", "side"],
        column_keys=list(product(METRICS, ("G-Loss", "SCL"))),
        beside={"G-Loss is": dict(zip(cells, gloss["objective"].map(objective_name), strict=True))},
    )
    return replace(laid_out, worded=frozenset({("", "G-Loss is")}))
