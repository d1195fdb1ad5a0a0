"""Test accuracy of every objective: mean, interval and range of its seeds, one panel per corpus and encoder."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from glossbench.evidence.figures import panels, style
from glossbench.evidence.selection import is_untuned, unvaried_and_untuned
from glossbench.evidence.statistics.scores import cells
from glossbench.evidence.text.names import arrange, protocol_name
from glossbench.evidence.text.numbers import number
from glossbench.frames import CELL_OF_PROTOCOL

METRIC = "accuracy"
ORDER = ["protocol", "corpus", "encoder", "objective"]
PANEL = ["corpus", "encoder"]
NUMBERS = ["mean", "low", "high", "least", "most"]
ROW = 0.19  # inches per objective in a panel
MARGIN = 0.5  # inches per block for title and axis label
LEGEND = 0.2  # inches for the legend of untuned objectives
ROOM = 0.1  # room on both sides of the runs of a panel, as a share of their range
LEAST_ROOM = 0.5  # points
FAR = 5  # quartile distances below the lower quartile at which an objective is off the scale
OFF_THE_SCALE = {
    "size": style.SMALL, "va": "center", "bbox": {"facecolor": "white", "edgecolor": "none", "pad": 0.5},
}  # fmt: skip
UNTUNED_LINE = {"linewidth": 0.8, "zorder": 1, "marker": "none"}

select = unvaried_and_untuned


def frame(runs: pd.DataFrame) -> pd.DataFrame:
    """The data of the figure.

    Args:
        runs: The collected runs.

    Returns:
        One row per protocol, corpus, encoder and objective: n (seeds), mean, low and high (95 % interval of the mean,
        NaN for one seed), least and most (lowest and highest run). Scores are test accuracies in percent.
    """
    own = select(runs)
    found = cells(own, METRIC)[[*CELL_OF_PROTOCOL, "n", "mean", "low", "high"]]
    ends = own.groupby(CELL_OF_PROTOCOL)[f"test_{METRIC}"].agg(least="min", most="max").reset_index()
    table = found.merge(ends, on=CELL_OF_PROTOCOL)
    table[NUMBERS] = table[NUMBERS].astype(float) * 100
    return arrange(table[[*ORDER, "n", *NUMBERS]], ORDER)


@panels.drawing()
def draw(table: pd.DataFrame) -> Figure:
    """Draw a block per protocol, with corpora as columns, encoders as rows and objectives as lines.

    The panels of one corpus and encoder have one scale, and a line in each of them for each untuned objective.
    """
    untuned = table[is_untuned(table)]
    trained = table.drop(index=untuned.index)
    if trained.empty:
        trained, untuned = untuned, trained
    blocks = panels.by_protocol(trained)
    heights = [panels.height_of(block, ROW, MARGIN) for _, _, block in blocks]
    heights[-1] += LEGEND * bool(len(untuned))
    width = panels.width_of(table)
    figure, parts = panels.stacked(heights, width)
    longest = max(panels.room_of_names(block["objective"].unique()) for _, _, block in blocks)
    for part, (protocol, corpora, block) in zip(parts, blocks, strict=True):
        part.suptitle(protocol_name(protocol))
        for axes, panel, objectives in panels.by_objective(part, block, corpora, "accuracy, %", longest):
            if panel.empty:
                panels.not_run(axes)
            else:
                _draw_panel(axes, table.merge(panel[PANEL].head(1)), untuned.merge(panel[PANEL].head(1)))
                _draw_rows(axes, panel, objectives)
    if len(untuned):
        handles = style.objective_entries(untuned["objective"])
        for handle in handles:
            handle.set(**UNTUNED_LINE)
        parts[-1].legend(**style.legend(handles, width), loc="outside lower center", frameon=False)
    return figure


def _draw_panel(axes: Axes, cell: pd.DataFrame, untuned: pd.DataFrame) -> None:
    """The scale of a panel and its untuned objectives, from the rows of its corpus and encoder in all protocols."""
    axes.set_xlim(_limits(cell))
    axes.xaxis.set_major_locator(MaxNLocator(nbins=4))
    for row in untuned.itertuples(index=False):
        axes.axvline(row.mean, **{**style.look(row.objective).line(), **UNTUNED_LINE})


def _limits(cell: pd.DataFrame) -> tuple[float, float]:
    """The scale of one corpus and encoder: all runs, but of objectives that lie far below the others.

    One that fails would hide the differences among all others.
    """
    low, high = cell["mean"].quantile([0.25, 0.75])
    near = cell[cell["mean"] >= low - FAR * max(high - low, 1.0)]
    least, most = near["least"].min(), near["most"].max()
    room = max(ROOM * (most - least), LEAST_ROOM)
    return least - room, most + room


def _draw_rows(axes: Axes, panel: pd.DataFrame, objectives: list[str]) -> None:
    for row in panel.itertuples(index=False):
        look, place = style.look(row.objective), objectives.index(row.objective)
        if row.mean < axes.get_xlim()[0]:
            where = {"transform": axes.get_yaxis_transform(), "color": look.color}
            axes.text(0.02, place, f"◂ {number(row.mean, 1)}", **where, **OFF_THE_SCALE)
            continue
        if np.isfinite(row.low):
            axes.plot([row.low, row.high], [place, place], color=look.color, linewidth=0.6)
        axes.plot([row.least, row.most], [place, place], color=look.color, linewidth=2.2, alpha=0.45)
        axes.plot([row.mean], [place], **{**look.line(), "linestyle": "none"})
