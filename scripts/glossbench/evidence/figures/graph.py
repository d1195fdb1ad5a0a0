"""The graph by epoch: how many neighbours it has, what its width is, and what it says beside cross-entropy."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from glossbench.evidence.figures import panels, style
from glossbench.evidence.selection import unvaried
from glossbench.evidence.text.names import arrange
from glossbench.frames import LINE

# Titles by column of epochs. The last two are there where they are above zero in some epoch.
MEASURES = {
    "effective_neighbors": "Effective neighbours",
    "sigma_over_median": "σ over the median distance",
    "propagated_accuracy": "Accuracy of the propagated labels",
    "loss_over_chance": "Loss over that of chance",
    "gradient_share_metric": "Share of the loss in the gradient",
    "left_out_share": "Share left out",
    "eliminated": "Eliminated",
}
RARE = ("left_out_share", "eliminated")
PANEL_HEIGHT = 0.8  # inches


def tidy(epochs: pd.DataFrame) -> pd.DataFrame:
    """The data of the figure; objectives whose loss has no graph have their share of the gradient alone.

    One row per point: protocol, corpus, encoder, objective, measure (a key of ``MEASURES``), epoch; mean, low and high
    (mean, smallest and largest value) over the n_seeds seeds that ran this epoch.
    """
    rows = unvaried(epochs)
    rows = rows.reindex(columns=dict.fromkeys([*rows, *MEASURES, "chance_loss"]))
    rows["loss_over_chance"] = rows["loss_metric"] / rows["chance_loss"].where(rows["chance_loss"] > 0)
    long = rows.melt([*LINE, "epoch"], list(MEASURES), "measure", "found").dropna(subset="found")
    points = long.astype({"found": float}).groupby([*LINE, "measure", "epoch"])["found"]
    table = points.agg(mean="mean", low="min", high="max", n_seeds="size").reset_index()
    some = table.groupby(["protocol", "measure"])["high"].transform("max") > 0
    table = table[some | ~table["measure"].isin(RARE)]
    return arrange(table, ["protocol", "measure", *LINE[1:], "epoch"], measure=MEASURES)


@panels.drawing
def draw(table: pd.DataFrame) -> Figure:
    """Draw a block per protocol and measure, with corpora as columns and encoders as rows."""
    blocks = panels.protocols_by(table, "measure", MEASURES, _draw_panel, PANEL_HEIGHT, "epoch")
    return panels.page(blocks, style.objective_entries(table["objective"]))


def _draw_panel(axes: Axes, panel: pd.DataFrame) -> None:
    panels.lines(axes, panel, "epoch")
    axes.set_ylim(bottom=0)
