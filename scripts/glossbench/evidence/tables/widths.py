"""How wide the graphs of G-Loss were and what they said beside cross-entropy, at the start and in the best epoch."""

from typing import Any

import pandas as pd

from glossbench.evidence.selection import trained
from glossbench.evidence.tables.layout import Layout, grid
from glossbench.evidence.text.names import arrange, is_gloss
from glossbench.evidence.text.numbers import number
from glossbench.frames import LINE, RUN_KEYS

# Titles and decimals by column of epochs.
MEASURES = {
    "sigma_over_median": ("Sigma over median distance", 2),
    "effective_neighbors": ("Effective neighbours", 0),
    "propagated_accuracy": ("Accuracy of propagated labels", 2),
    "gradient_share_metric": ("Share of the gradient", 2),
}
KEYS = [*LINE, "measure"]


def select(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of G-Loss, of every preset and with changed settings, since a sweep of sigma is one of widths."""
    rows = trained(rows)
    return rows[rows["base"].map(is_gloss).astype(bool)]


def tidy(epochs: pd.DataFrame) -> pd.DataFrame:
    """What the first batch of an epoch says of its graph, as means over seeds.

    Returns:
        One row per protocol, corpus, encoder, objective and measure (a key of ``MEASURES``) that was recorded: first,
        in the first epoch; best, in the best epoch of each run; n_seeds.
    """
    rows = select(epochs).sort_values("epoch")
    long = rows.melt([*RUN_KEYS, "epoch", "best"], list(MEASURES), "measure", "found").dropna(subset="found")
    best = long[long["best"].astype(bool)].groupby([*RUN_KEYS, "measure"]).tail(1)  # an epoch that was the best so far
    ends = {"first": long[long["epoch"] == 1], "best": best}
    table = pd.DataFrame({end: found.groupby(KEYS)["found"].mean().astype(float) for end, found in ends.items()})
    table["n_seeds"] = best.groupby(KEYS).size()
    return arrange(table.reset_index(), ["protocol", "encoder", "corpus", "objective", "measure"], measure=MEASURES)


def layout(table: pd.DataFrame, **_: Any) -> Layout:
    """One row per encoder, corpus and objective; first → best by measure."""
    decimals = table["measure"].map(lambda measure: MEASURES[measure][1])
    ends = zip(table["first"], table["best"], decimals, strict=True)
    text = [f"{number(first, places)} → {number(best, places)}" for first, best, places in ends]
    shown = table.assign(text=text, measure=table["measure"].map(lambda measure: MEASURES[measure][0]))
    titles = [(title,) for title, _ in MEASURES.values() if title in set(shown["measure"])]
    return grid(shown, ["encoder", "corpus", "objective"], ["measure"], column_keys=titles)
