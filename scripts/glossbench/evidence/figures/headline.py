"""Test accuracy of every objective: mean, interval and range of its seeds, one panel per corpus and encoder."""

from functools import partial

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from glossbench.evidence.figures import panels, style
from glossbench.evidence.selection import is_untuned, unvaried_and_untuned
from glossbench.evidence.statistics.scores import METRICS, over_seeds
from glossbench.evidence.text.names import arrange
from glossbench.evidence.text.numbers import number
from glossbench.frames import CELL, LINE

METRIC = "accuracy"
NUMBERS = ["n_seeds", "mean", "low", "high", "least", "most"]
ROW = 0.19  # inches per objective in a panel
ROOM = 0.1  # room on both sides of the runs of a panel, as a share of their range
LEAST_ROOM = 0.5  # points
BOX = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}
UNTUNED_LINE = {"linewidth": 0.8, "zorder": 1, "marker": "none"}

select = unvaried_and_untuned


def tidy(runs: pd.DataFrame) -> pd.DataFrame:
    """The data of the figure.

    One row per protocol, corpus, encoder and objective: n_seeds, mean, low and high (95 % interval of the mean, NaN
    for one seed), least and most (lowest and highest run). Scores are test accuracies in percent.
    """
    own = select(runs)
    scored = own.assign(score=own[f"test_{METRIC}"].astype(float) * METRICS[METRIC].scale)
    ends = scored.groupby(LINE)["score"].agg(least="min", most="max").reset_index()
    table = over_seeds(own, [METRIC], interval=True).merge(ends, on=LINE)
    return arrange(table[[*LINE, *NUMBERS]], LINE)


@panels.drawing
def draw(table: pd.DataFrame) -> Figure:
    """Draw a block per protocol, with corpora as columns, encoders as rows and objectives as lines.

    The panels of one corpus and encoder have one scale, and a line in each of them for each untuned objective.
    """
    untuned = table[is_untuned(table)]
    if len(untuned) == len(table):
        untuned = untuned.iloc[:0]
    draw_panel = partial(_draw_panel, table=table, untuned=untuned)
    blocks = panels.protocols(table.drop(index=untuned.index), draw_panel, ROW, "accuracy, %", lines=True)
    return panels.page(blocks, style.objective_entries(untuned["objective"], **UNTUNED_LINE))


def _draw_panel(axes: Axes, panel: pd.DataFrame, table: pd.DataFrame, untuned: pd.DataFrame) -> None:
    cell = table.merge(panel[CELL].head(1))
    near = cell[panels.near(cell["least"], 1.0)]
    least, most = near["least"].min(), cell["most"].max()
    room = max(ROOM * (most - least), LEAST_ROOM)
    axes.set_xlim(least - room, most + room)
    for row in untuned.merge(panel[CELL].head(1)).itertuples():
        axes.axvline(row.mean, **{**style.look(row.objective), **UNTUNED_LINE})
    for row in panel.itertuples():
        look, line = style.look(row.objective), [row.line] * 2
        if row.mean < least - room:
            where = {"transform": axes.get_yaxis_transform(), "va": "center", "size": style.SMALL, "bbox": BOX}
            axes.text(0.02, row.line, f"◂ {number(row.mean, 1)}", color=look["color"], **where)
            continue
        axes.plot([row.low, row.high], line, color=look["color"], linewidth=0.6)
        axes.plot([row.least, row.most], line, color=look["color"], linewidth=2.2, alpha=0.45)
        axes.plot([row.mean], [row.line], **{**look, "linestyle": "none"})
