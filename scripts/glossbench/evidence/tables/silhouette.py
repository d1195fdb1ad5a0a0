"""T4: silhouette and time per epoch of G-Loss and SCL."""

from dataclasses import replace
from itertools import product

import pandas as pd

from glossbench.evidence.selection import with_gloss
from glossbench.evidence.tables.grid import grid, seeds
from glossbench.evidence.tables.scores import METRICS, marks, over_seeds
from glossbench.evidence.text.layout import Layout
from glossbench.evidence.text.names import is_gloss, objective_name
from glossbench.evidence.text.numbers import mean_spread, number

SHOWN = ("macro_silhouette", "seconds_per_epoch")
NOTES = (
    "An epoch on MR took 9.2 s by the paper's text, 27.74 s by its appendix (D12).",
    "In the paper's numbers an epoch of SCL takes 1.14 to 1.19 times as long as one of G-Loss, so the 12 to 16 % of "
    "its text fit only if they are what G-Loss saves (D26).",
)


def select(runs: pd.DataFrame, gloss: list[str], baselines: list[str]) -> pd.DataFrame:
    """Rows of SCL and of G-Loss; see ``with_gloss``."""
    return with_gloss(runs, gloss, baselines)


def tidy(runs: pd.DataFrame, **compared: list[str]) -> pd.DataFrame:
    """macro_silhouette and seconds_per_epoch, one row per corpus, encoder, objective and metric; see ``over_seeds``."""
    return over_seeds(select(runs, **compared), list(SHOWN))


def layout(table: pd.DataFrame, **_: list[str]) -> Layout:
    """One row per encoder and corpus, both losses as columns, and the name of the G-Loss objective."""
    shown = table.assign(
        side=["G-Loss" if is_gloss(key) else "SCL" for key in table["objective"]],
        text=[_text(*cell) for cell in table[["metric", "mean", "std"]].itertuples(index=False, name=None)],
        mark=marks(table),
    )
    rows = ["encoder", "corpus"]
    gloss = shown[shown["side"] == "G-Loss"]
    variants = dict(
        zip(gloss[rows].itertuples(index=False, name=None), gloss["objective"].map(objective_name), strict=True)
    )
    columns = list(product(SHOWN, ("G-Loss", "SCL")))
    beside = {"G-Loss is": variants, "Seeds": seeds(table, rows)}
    return replace(
        grid(shown, rows, ["metric", "side"], column_keys=columns, beside=beside),
        worded=frozenset({("", "G-Loss is")}),
    )


def _text(metric: str, mean: float, std: float) -> str:
    decimals = METRICS[metric].decimals
    return number(mean, decimals) if METRICS[metric].timed else mean_spread(mean, std, decimals)
