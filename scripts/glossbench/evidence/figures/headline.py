"""Test accuracy of every objective: mean, interval and range of its seeds, one panel per corpus and encoder."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import MaxNLocator

from glossbench.evidence.figures import panels, style
from glossbench.evidence.selection import CELL, unvaried_and_floors
from glossbench.evidence.statistics.cells import cells
from glossbench.evidence.text.names import arrange, protocol_name

METRIC = "accuracy"
ORDER = ["protocol", "corpus", "encoder", "objective"]
NUMBERS = ["mean", "low", "high", "least", "most"]
ROW = 0.19  # inches per objective in a panel
MARGIN = 0.5  # inches per block for title and axis label
ROOM = 0.6  # room on both sides of the runs of a panel, as a share of their range
LEAST_ROOM = 1.0  # points

select = unvaried_and_floors


def frame(runs: pd.DataFrame) -> pd.DataFrame:
    """The data of the figure.

    Args:
        runs: The collected runs.

    Returns:
        One row per protocol, corpus, encoder and objective: n (seeds), mean, low and high (95 % interval of the mean,
        NaN for one seed), least and most (lowest and highest run). Scores are test accuracies in percent.
    """
    own = select(runs)
    found = cells(own, METRIC)[[*CELL, "n", "mean", "low", "high"]]
    ends = own.groupby(CELL)[f"test_{METRIC}"].agg(least="min", most="max").reset_index()
    table = found.merge(ends, on=CELL)
    table[NUMBERS] = table[NUMBERS].astype(float) * 100
    return arrange(table[[*ORDER, "n", *NUMBERS]], ORDER)


@style.styled()
def draw(table: pd.DataFrame) -> Figure:
    """Draw a block per protocol, with corpora as columns, encoders as rows and objectives as lines."""
    if table.empty:
        return panels.nothing()
    blocks = panels.by_protocol(table)
    heights = [
        block["encoder"].nunique() * (max(panels.LEAST, ROW * block["objective"].nunique()) + 0.25) + MARGIN
        for _, _, block in blocks
    ]
    width = style.COLUMN_WIDTH if table["corpus"].nunique() == 1 else style.PAGE_WIDTH
    figure, parts = panels.stacked(heights, width)
    for part, (protocol, corpora, block) in zip(parts, blocks, strict=True):
        _draw_block(part, protocol, corpora, block)
    return figure


def _draw_block(part: SubFigure, protocol: str, corpora: list[str], block: pd.DataFrame) -> None:
    part.suptitle(protocol_name(protocol))
    for axes, panel, objectives in panels.by_objective(part, block, corpora, "accuracy, %"):
        _draw_panel(axes, panel, objectives)


def _draw_panel(axes: Axes, panel: pd.DataFrame, objectives: list[str]) -> None:
    if panel.empty:
        panels.not_run(axes)
        return
    for row in panel.itertuples(index=False):
        look, place = style.look(row.objective), objectives.index(row.objective)
        if np.isfinite(row.low):
            axes.plot([row.low, row.high], [place, place], color=look.color, linewidth=0.6)
        axes.plot([row.least, row.most], [place, place], color=look.color, linewidth=2.2, alpha=0.45)
        axes.plot([row.mean], [place], **{**look.line(), "linestyle": "none"})
    least, most = panel["least"].min(), panel["most"].max()
    room = max(ROOM * (most - least), LEAST_ROOM)
    axes.set_xlim(least - room, most + room)  # with two seeds an interval may be wider than all scores
    axes.xaxis.set_major_locator(MaxNLocator(nbins=3))
