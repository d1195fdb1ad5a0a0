"""The time of the parts of a training epoch: figure F7 of the paper."""

from functools import partial

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from glossbench.evidence.figures import panels, style
from glossbench.evidence.selection import unvaried
from glossbench.evidence.text.names import arrange
from glossbench.evidence.text.numbers import number
from glossbench.frames import EXPERIMENT_OF_PROTOCOL, RUN_OF_PROTOCOL

COLORS = {"forward": style.SKY, "backward": style.BLUE, "optimizer": style.GREEN, "other": "#BBBBBB"}
COLORS |= {"graph": style.ORANGE, "propagation": style.VERMILION}
ROW = 0.13  # inches per objective in a panel


def tidy(epochs: pd.DataFrame) -> pd.DataFrame:
    """The data of the figure. Validation does not count as a part of a training epoch.

    One row per part of a bar: corpus, encoder, protocol, objective, part (forward, backward, optimizer, other,
    graph or propagation), seconds (mean over the epochs of a run, then over seeds), share (of all parts), n_seeds, and
    load (the highest of the runs; missing where it is not known).
    """
    columns = {f"seconds_{part}": part for part in COLORS}
    timed = unvaried(epochs).dropna(subset=list(columns))
    runs = timed.rename(columns=columns).groupby(RUN_OF_PROTOCOL)[list(COLORS)].mean()
    cells, about = runs.groupby(EXPERIMENT_OF_PROTOCOL), ["n_seeds", "load"]
    spent = timed.groupby(RUN_OF_PROTOCOL)[["seconds_elsewhere", "seconds_epoch"]].sum(min_count=1)
    loads = spent["seconds_elsewhere"] / spent["seconds_epoch"]
    means = cells.mean().assign(n_seeds=cells.size(), load=loads.groupby(EXPERIMENT_OF_PROTOCOL).max())
    table = means.reset_index().melt(
        [*EXPERIMENT_OF_PROTOCOL, *about], list(COLORS), var_name="part", value_name="seconds"
    )
    whole = table.groupby(EXPERIMENT_OF_PROTOCOL)["seconds"].transform("sum")
    table["share"] = table["seconds"] / whole.where(whole > 0, 1)
    table["place"] = table["part"].map(list(COLORS).index)
    table = arrange(table, [*EXPERIMENT_OF_PROTOCOL, "place"])
    return table[[*EXPERIMENT_OF_PROTOCOL, "part", "seconds", "share", *about]]


@panels.drawing
def draw(table: pd.DataFrame) -> Figure:
    """Draw the seconds of an epoch, and below them a close view of the share of graph and propagation.

    Corpora are columns, encoders rows. The close view has only objectives that build a graph.
    """
    of_graph = table[table["part"].isin(["graph", "propagation"])]
    close = of_graph[of_graph.groupby("objective")["seconds"].transform("sum") > 0]
    widest = 100 * close.groupby(EXPERIMENT_OF_PROTOCOL)["share"].sum().max()
    titles = "Seconds of a training epoch", "Share of graph and propagation in an epoch"
    blocks = [
        panels.Block(titles[0], table, partial(_draw_bars, value="seconds"), ROW, "seconds", lines=True),
        panels.Block(titles[1], close, partial(_draw_shares, widest=widest), ROW, "% of an epoch", lines=True),
    ]
    return panels.page(blocks, [Patch(color=color, label=part) for part, color in COLORS.items()])


def _draw_shares(axes: Axes, panel: pd.DataFrame, widest: float) -> None:
    _draw_bars(axes, panel.assign(percent=100 * panel["share"]), "percent")
    axes.set_xlim(0, widest * 1.45)
    for line, total in (100 * panel.groupby("line")["share"].sum()).items():
        look = {"textcoords": "offset points", "va": "center", "fontsize": style.SMALL}
        axes.annotate(number(total, 2 if total < 9.95 else 0), (total, line), (2, 0), **look)


def _draw_bars(axes: Axes, panel: pd.DataFrame, value: str) -> None:
    ends = panel.groupby("line")[value].cumsum()
    for part, bars in panel.groupby("part", sort=False):
        look = {"height": 0.72, "color": COLORS[part], "linewidth": 0}
        axes.barh(bars["line"], bars[value], left=(ends - panel[value])[bars.index], **look)
    axes.set_xlim(0, 1.05 * ends.max() or 1)
