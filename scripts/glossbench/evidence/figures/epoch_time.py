"""The time of the parts of a training epoch: figure F7 of the paper."""

from collections.abc import Iterator

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from glossbench.evidence.figures import panels, style
from glossbench.evidence.selection import unvaried
from glossbench.evidence.text.names import arrange
from glossbench.evidence.text.numbers import number

KEYS = ["corpus", "encoder", "protocol", "objective"]
COLORS = {
    "forward": style.SKY,
    "backward": style.BLUE,
    "optimizer": style.GREEN,
    "other": "#BBBBBB",
    "graph": style.ORANGE,
    "propagation": style.VERMILION,
}
OF_THE_GRAPH = ["graph", "propagation"]
ROW = 0.13  # inches per objective in a panel
MARGIN = 0.65  # inches per block for titles and axis label

select = unvaried


def frame(epochs: pd.DataFrame) -> pd.DataFrame:
    """The data of the figure. Validation does not count as a part of a training epoch.

    Args:
        epochs: The collected epochs.

    Returns:
        One row per part of a bar: corpus, encoder, protocol, objective, part (forward, backward, optimizer, other,
        graph or propagation), seconds (mean over the epochs of a run, then over seeds), share (of all parts) and
        n_seeds.
    """
    columns = {f"seconds_{part}": part for part in COLORS}
    timed = select(epochs).dropna(subset=list(columns))
    runs = timed.rename(columns=columns).groupby([*KEYS, "seed"])[list(COLORS)].mean()
    means = runs.groupby(KEYS).mean().assign(n_seeds=runs.groupby(KEYS).size())
    table = means.reset_index().melt([*KEYS, "n_seeds"], list(COLORS), var_name="part", value_name="seconds")
    whole = table.groupby(KEYS)["seconds"].transform("sum")
    table["share"] = table["seconds"] / whole.where(whole > 0, 1)
    table["place"] = table["part"].map(list(COLORS).index)
    table = arrange(table, [*KEYS, "place"])
    return table[[*KEYS, "part", "seconds", "share", "n_seeds"]]


@panels.drawing()
def draw(table: pd.DataFrame) -> Figure:
    """Draw the seconds of an epoch, and below them a close view of the share of graph and propagation.

    Corpora are columns, encoders rows. The close view has only objectives that build a graph.
    """
    of_graph = table[table["part"].isin(OF_THE_GRAPH)]
    with_graph = of_graph.groupby("objective")["seconds"].sum()
    close = of_graph[of_graph["objective"].isin(with_graph[with_graph > 0].index)]
    views = [
        (draw_view, view, corpora)
        for draw_view, rows in ((_draw_seconds, table), (_draw_shares, close))
        for corpora, view in panels.by_corpora(rows)
    ]
    heights = [panels.height_of(view, ROW, MARGIN) for _, view, _ in views]
    width = panels.width_of(table)
    handles = [Patch(color=color, label=part) for part, color in COLORS.items()]
    columns = style.legend_columns(list(COLORS), width, style.TEXT, 0.35)
    figure, parts = panels.stacked([*heights, 0.06 + 0.15 * -(-len(COLORS) // columns)], width)
    for part, (draw_view, view, corpora) in zip(parts, views, strict=False):
        draw_view(part, view, corpora)
    parts[-1].legend(handles=handles, loc="center", ncols=columns, handlelength=1, columnspacing=1)
    return figure


def _draw_seconds(part: SubFigure, view: pd.DataFrame, corpora: list[str]) -> None:
    part.suptitle("Seconds of a training epoch")
    for axes, cell, objectives in _panels(part, view, corpora, "seconds"):
        _draw_bars(axes, cell, objectives, "seconds", 1)


def _draw_shares(part: SubFigure, view: pd.DataFrame, corpora: list[str]) -> None:
    part.suptitle("Share of graph and propagation in an epoch")
    widest = 100 * view.groupby(KEYS)["share"].sum().max()
    for axes, cell, objectives in _panels(part, view, corpora, "% of an epoch"):
        _draw_bars(axes, cell, objectives, "share", 100)
        axes.set_xlim(0, widest * 1.45)
        totals = 100 * cell.groupby("objective")["share"].sum()
        for objective, total in totals.items():
            text = number(total, 2 if total < 9.95 else 0)
            look = {"textcoords": "offset points", "va": "center", "fontsize": style.SMALL}
            axes.annotate(text, (total, objectives.index(objective)), (2, 0), **look)


def _panels(
    part: SubFigure, view: pd.DataFrame, corpora: list[str], unit: str
) -> Iterator[tuple[Axes, pd.DataFrame, list[str]]]:
    """Each panel, its rows of the view, and the objectives of all panels."""
    for axes, cell, objectives in panels.by_objective(part, view, corpora, unit):
        axes.xaxis.set_major_locator(MaxNLocator(nbins=4))
        yield axes, cell, objectives


def _draw_bars(axes: Axes, cell: pd.DataFrame, objectives: list[str], value: str, scale: float) -> None:
    if cell.empty:
        panels.not_run(axes)
        return
    wide = cell.pivot(index="objective", columns="part", values=value).reindex(objectives).fillna(0) * scale
    left = pd.Series(0.0, index=objectives)
    for part in (part for part in COLORS if part in wide):
        axes.barh(range(len(objectives)), wide[part], left=left, height=0.72, color=COLORS[part], linewidth=0)
        left += wide[part]
    axes.set_xlim(0, 1.05 * left.max() or 1)
