"""Panels on a page: how many stand beside each other, blocks stacked, and what a panel without data says."""

from collections.abc import Iterable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from glossbench.evidence.figures import style
from glossbench.evidence.text.names import corpus_name, objective_name

WIDEST = 5  # panels beside each other on a page
LONGEST = 1.3  # inches, an objective's name beside a panel
LEAST = 0.75  # inches, the lowest panel: its encoder's name stands upright beside it


def in_rows(keys: Iterable, widest: int = WIDEST) -> list[list]:
    """The keys in as few rows as the page allows, the rows as even as they can be, longer ones first."""
    keys = list(keys)
    rows = max(1, -(-len(keys) // widest))
    return [[keys[place] for place in part] for part in np.array_split(range(len(keys)), rows)]


def stacked(heights: list[float], width: float = style.PAGE_WIDTH) -> tuple[Figure, list[SubFigure]]:
    """A figure of blocks one below the other. heights, width: inches."""
    figure = Figure(figsize=(width, sum(heights)), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.03, h_pad=0.03, wspace=0.01, hspace=0.02)
    parts = figure.subfigures(len(heights), 1, squeeze=False, height_ratios=heights)
    return figure, list(parts.flat)


def name_objectives(axes: Axes, objectives: list[str], spoken: bool) -> None:
    """Give each objective a line of a panel, the first on top, and its name beside it where ``spoken``."""
    names = [style.fitted(objective_name(key), LONGEST, style.SMALL) if spoken else "" for key in objectives]
    axes.set_yticks(range(len(objectives)), names)
    axes.set_ylim(len(objectives) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.grid(False, axis="y")


def name_corpora(part: SubFigure, row: Iterable[Axes], corpora: list[str], beside: float = 0.0) -> None:
    """Title the panels of a block's first row with their corpora, cut to the width of a panel.

    beside: inches that names of objectives take to the left of the first panel.
    """
    row = list(row)
    room = 0.72 * (part.bbox.width / part.get_figure(root=True).dpi - beside) / len(row)
    for axes, corpus in zip(row, corpora, strict=False):
        axes.set_title(style.fitted(corpus_name(corpus), room, style.TITLE))


def say(axes: Axes, text: str = "not run") -> None:
    """Write in a panel why it shows nothing."""
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color=style.GREY)


def nothing(text: str = "nothing to draw: no such runs") -> Figure:
    """A figure of one line that says why there is no other."""
    figure = Figure(figsize=(style.COLUMN_WIDTH, 0.5), layout="constrained")
    axes = figure.add_subplot()
    axes.set_axis_off()
    say(axes, text)
    return figure
