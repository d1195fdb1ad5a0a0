"""Arranges panels on a page."""

from collections.abc import Callable, Iterable, Iterator
from functools import wraps

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D

from glossbench.evidence.figures import style
from glossbench.evidence.text.names import corpus_name, encoder_name, in_order, objective_name

WIDEST = 5  # panels per row of a page
LONGEST = 1.3  # inches, the longest name of an objective next to a panel
BETWEEN = 0.25  # inches between panels for ticks
LEAST = 0.75  # inches, the lowest panel; the encoder's name is written along its height


def drawing(without_rows: str = "no such runs") -> Callable[[Callable], Callable]:
    """Decorator of ``draw``: uses the style, and draws a line of text for a frame without rows.

    Args:
        without_rows: Why there is nothing to draw.
    """

    def decorated(draw: Callable[..., Figure]) -> Callable[..., Figure]:
        @wraps(draw)
        def drawn(table: pd.DataFrame, **settings) -> Figure:
            with style.styled():
                return draw(table, **settings) if len(table) else nothing(f"nothing to draw: {without_rows}")

        return drawn

    return decorated


def width_of(table: pd.DataFrame) -> float:
    """Inches: a column of a page for one corpus, else the page."""
    return style.COLUMN_WIDTH if table["corpus"].nunique() == 1 else style.PAGE_WIDTH


def height_of(block: pd.DataFrame, line: float, margin: float) -> float:
    """Inches of a block with a row of panels per encoder, and in each panel a line per objective.

    Args:
        block: Rows with columns ``encoder`` and ``objective``.
        line: Inches per objective in a panel.
        margin: Inches for titles, axis label and legend.
    """
    return block["encoder"].nunique() * (max(LEAST, line * block["objective"].nunique()) + BETWEEN) + margin


def in_rows(keys: Iterable, widest: int = WIDEST) -> list[list]:
    """Split keys into rows.

    Args:
        keys: The keys.
        widest: Most keys per row.

    Returns:
        As few rows as possible, of equal length if possible; longer rows come first.
    """
    keys = list(keys)
    rows = max(1, -(-len(keys) // widest))
    return [[keys[place] for place in part] for part in np.array_split(range(len(keys)), rows)]


def by_corpora(block: pd.DataFrame) -> list[tuple[list[str], pd.DataFrame]]:
    """Split the rows of a frame into blocks with no more corpora than a page has columns.

    Returns:
        For each block its corpora, in display order, and its rows. Empty if the frame is empty.
    """
    if block.empty:
        return []
    rows = in_rows(in_order(block["corpus"], "corpus"))
    return [(corpora, block[block["corpus"].isin(corpora)]) for corpora in rows]


def by_protocol(table: pd.DataFrame) -> list[tuple[str, list[str], pd.DataFrame]]:
    """Split the rows of a frame into one or more blocks per protocol; see ``by_corpora``.

    Returns:
        For each block its protocol, its corpora, and its rows.
    """
    return [
        (protocol, corpora, block)
        for protocol in in_order(table["protocol"], "protocol")
        for corpora, block in by_corpora(table[table["protocol"] == protocol])
    ]


def stacked(heights: list[float], width: float = style.PAGE_WIDTH) -> tuple[Figure, list[SubFigure]]:
    """A figure with one block below the other.

    Args:
        heights: Heights of the blocks, inches.
        width: Inches.
    """
    figure = Figure(figsize=(width, sum(heights)), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.03, h_pad=0.03, wspace=0.01, hspace=0.02)
    parts = figure.subfigures(len(heights), 1, squeeze=False, height_ratios=heights)
    return figure, list(parts.flat)


def cells(
    part: SubFigure,
    block: pd.DataFrame,
    corpora: list[str],
    xlabel: str,
    height: float,
    beside: float = 0.0,
    ylabel: str = "",
    **options: str,
) -> list[tuple[Axes, pd.DataFrame, bool]]:
    """Create one panel per encoder (rows) and corpus (columns), with their names.

    Args:
        part: Receives the panels.
        block: Rows with columns ``encoder`` and ``corpus``.
        corpora: The columns.
        xlabel: Label of the lowest panels.
        height: Room for the name of an encoder, inches.
        beside: Room for names of objectives to the left of the first panel, inches.
        ylabel: Second line of the label of the first panel in each row.
        options: Passed on to ``SubFigure.subplots``.

    Returns:
        For each panel its axes, its rows of ``block``, and whether it is the first of its row.
    """
    encoders = in_order(block["encoder"], "encoder")
    grid = part.subplots(len(encoders), len(corpora), squeeze=False, **options)
    for line, encoder in zip(grid, encoders, strict=True):
        line[0].set_ylabel("\n".join(filter(None, [style.fitted(encoder_name(encoder), height), ylabel])))
    name_corpora(part, grid[0], corpora, beside)
    for axes in grid[-1]:
        axes.set_xlabel(xlabel)
    return [
        (axes, block[(block["encoder"] == encoder) & (block["corpus"] == corpus)], axes is line[0])
        for line, encoder in zip(grid, encoders, strict=True)
        for axes, corpus in zip(line, corpora, strict=True)
    ]


def by_objective(
    part: SubFigure, block: pd.DataFrame, corpora: list[str], xlabel: str, room: float = 0.0
) -> Iterator[tuple[Axes, pd.DataFrame, list[str]]]:
    """Create panels as ``cells`` does, whose lines are the objectives of all of them.

    Args:
        part: Receives the panels.
        block: Rows with columns ``encoder``, ``corpus`` and ``objective``.
        corpora: The columns.
        xlabel: Label of the lowest panels.
        room: Least room for the names of objectives, inches: blocks with the same room stand in line.

    Yields:
        For each panel its axes, its rows of ``block``, and the objectives, the first on top.
    """
    objectives = in_order(block["objective"], "objective")
    for axes, panel, first in cells(part, block, corpora, xlabel, LEAST, LONGEST):
        name_objectives(axes, objectives, spoken=first)
        if first:
            axes.yaxis.labelpad += style.POINTS_PER_INCH * max(0.0, room - room_of_names(objectives))
        yield axes, panel, objectives


def name_objectives(axes: Axes, objectives: list[str], spoken: bool) -> None:
    """Label the y axis of a panel with one line per objective, the first on top.

    Args:
        axes: The panel.
        objectives: Objective keys.
        spoken: Whether to write the names.
    """
    names = [_short(key) if spoken else "" for key in objectives]
    axes.set_yticks(range(len(objectives)), names)
    axes.set_ylim(len(objectives) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.grid(False, axis="y")


def room_of_names(objectives: Iterable[str]) -> float:
    """Inches that the names of objectives take next to a panel."""
    return max(style.inches(_short(key), style.SMALL) for key in objectives)


def _short(objective: str) -> str:
    return style.fitted(objective_name(objective), LONGEST, style.SMALL)


def name_corpora(part: SubFigure, row: Iterable[Axes], corpora: list[str], beside: float = 0.0) -> None:
    """Title the panels of a row with the names of their corpora, shortened to the width of a panel.

    Args:
        part: The block that holds the panels.
        row: The panels.
        corpora: Corpus keys.
        beside: Room that names of objectives take to the left of the first panel, inches.
    """
    row = list(row)
    room = 0.72 * (part.bbox.width / part.get_figure(root=True).dpi - beside) / len(row)
    for axes, corpus in zip(row, corpora, strict=False):
        axes.set_title(style.fitted(corpus_name(corpus), room, style.TITLE))


def say(axes: Axes, text: str = "not run") -> None:
    """Write into an empty panel why it is empty."""
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color=style.GREY)


def not_run(axes: Axes) -> None:
    """Leave a panel of objectives without rows empty."""
    axes.set_xticks([])
    say(axes)


def nothing(text: str) -> Figure:
    """A figure with one line of text, for data that has nothing to draw."""
    figure = Figure(figsize=(style.COLUMN_WIDTH, 0.5), layout="constrained")
    axes = figure.add_subplot()
    axes.set_axis_off()
    say(axes, text)
    return figure


def filled(grid: np.ndarray, rows: list[list]) -> Iterator[tuple[Axes, object]]:
    """The panels of a grid with what each of them shows; panels that show nothing are hidden.

    Args:
        grid: Axes. (rows, columns)
        rows: What each row of panels shows, from ``in_rows``.
    """
    for line, row in zip(grid, rows, strict=True):
        for axes in line[len(row) :]:
            axes.set_axis_off()
        yield from zip(line, row, strict=False)


def class_legend(part: SubFigure, names: Iterable[str], columns: int) -> None:
    """A legend of classes below the panels of a block.

    Args:
        part: The block.
        names: Names of the classes by their places; see ``style.class_look``.
        columns: Number of columns.
    """
    handles = []
    for place, name in enumerate(names):
        color, marker = style.class_look(place)
        handles.append(Line2D([], [], linestyle="none", color=color, marker=marker, label=name))
    spaces = {"handlelength": 0.8, "handletextpad": 0.3, "columnspacing": 0.8, "labelspacing": 0.25}
    part.legend(handles=handles, loc="outside lower center", fontsize=style.SMALL, ncols=columns, **spaces)
