"""Arranges panels on a page."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import wraps

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure, SubFigure

from glossbench.evidence.figures import style
from glossbench.evidence.text import names

COLORS = "cividis"  # of matrices, which becomes lighter towards the highest value
NARROWEST = 1.35  # inches of a panel with its labels
LARGEST = 2.6  # inches, side of a square panel
LONGEST = 1.3  # inches, the longest name of an objective next to a panel
LEAST = 0.68  # inches, the lowest panel; the encoder's name is written along its height
MARKERS_PER_LINE = 5
FAR = 5  # quartile distances below the lower quartile at which a value is off the scale
THIN = {"linewidth": 0.8, "markersize": 2.5}  # of lines with many points
BETWEEN, MARGIN = 0.25, 0.55  # inches between panels for ticks; per block for titles and axis label


@dataclass
class Block:
    """Panels with a title: a row per encoder, and a column per corpus or other key. Lengths are in inches."""

    title: str
    rows: pd.DataFrame  # with columns ``encoder`` and ``columns``
    draw: Callable[[Axes, pd.DataFrame], None]  # draws the rows of one panel
    height: float | None = None  # of a panel, or of one of its lines if it has ``lines``; None: panels are square
    xlabel: str = ""
    ylabel: str = ""  # second line of the label of the first panel in each row
    columns: str = "corpus"  # has a column of panels per key
    lines: bool = False  # whether objectives are lines of the panels, the first on top, with ``line`` in their rows
    handles: Sequence = ()  # entries of a legend of the block

    def parts(self, widest: int) -> Iterator["Block"]:
        """One or more blocks whose columns fit on a page: as few as possible, of equal width if possible."""
        keys = names.in_order(self.rows[self.columns], self.columns)
        for part in np.array_split(keys, -(-len(keys) // widest)) if keys else []:
            yield replace(self, rows=self.rows[self.rows[self.columns].isin(part)])

    def panel_height(self, width: float) -> float:
        """Inches of a panel on a page of a width in inches."""
        if self.height is None:
            return min(LARGEST, width / self.rows[self.columns].nunique() - 0.35)
        return max(LEAST, self.height * self.rows["objective"].nunique()) if self.lines else self.height


def drawing(draw: Callable[..., Figure]) -> Callable[..., Figure]:
    """Decorator of ``draw``: uses the style, and draws a line of text for a frame without rows."""

    @wraps(draw)
    @style.styled()
    def drawn(table: pd.DataFrame, **settings) -> Figure:
        if len(table):
            return draw(table, **settings)
        figure = Figure(figsize=(style.COLUMN_WIDTH, 0.5), layout="constrained")
        figure.text(0.5, 0.5, "nothing to draw: no such runs", color=style.GREY, ha="center", va="center")
        return figure

    return drawn


def by(table: pd.DataFrame, kind: str) -> list[tuple[str, pd.DataFrame]]:
    """The keys in a column, in display order, each with its rows."""
    return [(key, table[table[kind] == key]) for key in names.in_order(table[kind], kind)]


def protocols(table: pd.DataFrame, draw: Callable, height: float, xlabel: str, **options) -> list[Block]:
    """A block per protocol. Arguments are those of ``Block``."""
    return [
        Block(names.protocol_name(key), rows, draw, height, xlabel, **options) for key, rows in by(table, "protocol")
    ]


def protocols_by(
    table: pd.DataFrame, column: str, titles: Mapping[str, str], draw: Callable, *options, **more
) -> list[Block]:
    """A block per protocol and key of a column, in the order of their titles. Further arguments are of ``Block``."""
    return [
        Block(f"{names.protocol_name(protocol)}: {title}", rows[rows[column] == key], draw, *options, **more)
        for protocol, rows in by(table, "protocol")
        for key, title in titles.items()
    ]


def page(blocks: Iterable[Block], handles: Sequence = (), least: float = NARROWEST, foot: float = 0.0) -> Figure:
    """A page with blocks of panels one below the other, and a legend below them.

    Args:
        blocks: The blocks. Those without rows are left out.
        handles: Entries of the legend.
        least: Inches that a panel needs for its width and labels.
        foot: Inches below the blocks, if not for a legend.
    """
    widest = max(1, int(style.PAGE_WIDTH // least))
    blocks = [part for block in blocks for part in block.parts(widest)]
    one = max(block.rows[block.columns].nunique() for block in blocks) == 1
    width = style.COLUMN_WIDTH if one and least <= style.COLUMN_WIDTH else style.PAGE_WIDTH
    legends = [style.legend(block.handles, width, style.SMALL) for block in blocks]
    heights = [
        block.rows["encoder"].nunique() * (block.panel_height(width) + BETWEEN) + MARGIN + below
        for block, (_, below) in zip(blocks, legends, strict=True)
    ]
    legend, below = style.legend(handles, width)
    figure, parts = stacked([*heights, *filter(None, [foot + below])], width)
    longest = max(_room(block) for block in blocks)
    for part, block, (own, _) in zip(parts, blocks, legends, strict=False):
        _draw(part, block, width, longest)
        if block.handles:
            part.legend(**own, loc="outside lower center")
    if handles:
        parts[-1].legend(**legend, loc="center")
    return figure


def stacked(heights: list[float], width: float = style.PAGE_WIDTH) -> tuple[Figure, list[SubFigure]]:
    """A figure with one block below the other. Heights and width in inches."""
    figure = Figure(figsize=(width, sum(heights)), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.03, h_pad=0.03, wspace=0.01, hspace=0.02)
    return figure, list(figure.subfigures(len(heights), 1, squeeze=False, height_ratios=heights).flat)


def _draw(part: SubFigure, block: Block, width: float, longest: float) -> None:
    columns, rows = by(block.rows, block.columns), by(block.rows, "encoder")
    objectives = names.in_order(block.rows["objective"], "objective") if block.lines else []
    room = 0.72 * (width - (LONGEST if block.lines else 0)) / len(columns)
    part.suptitle(style.fitted(block.title, 0.85 * width, 8))
    grid = part.subplots(len(rows), len(columns), squeeze=False)
    for axes, (key, _) in zip(grid[0], columns, strict=True):
        axes.set_title(style.fitted(names.NAMES[block.columns](key), room, style.TITLE))
    for axes in grid[-1]:
        axes.set_xlabel(block.xlabel)
    for line, (encoder, own) in zip(grid, rows, strict=True):
        label = [style.fitted(names.encoder_name(encoder), block.panel_height(width)), block.ylabel]
        line[0].set_ylabel("\n".join(filter(None, label)))
        line[0].yaxis.labelpad += style.POINTS_PER_INCH * (longest - _room(block)) * block.lines
        for axes, (key, _) in zip(line, columns, strict=True):
            axes.locator_params(nbins=4)
            panel = own[own[block.columns] == key]
            if block.lines:
                labels = [short(key) if axes is line[0] else "" for key in objectives]
                axes.set_yticks(range(len(objectives)), labels)
                axes.set_ylim(len(objectives) - 0.5, -0.5)
                axes.tick_params(axis="y", length=0)
                axes.grid(False, axis="y")
                panel = panel.assign(line=panel["objective"].map(objectives.index))
            if len(panel):
                block.draw(axes, panel)
            else:
                axes.set_xticks([])
                say(axes)


def short(objective: str) -> str:
    """The name of an objective, cut to the room next to a panel."""
    return style.fitted(names.objective_name(objective), LONGEST, style.SMALL)


def _room(block: Block) -> float:
    """Inches that the names of objectives take next to a panel."""
    return max(style.inches(short(key), style.SMALL) for key in block.rows["objective"].unique()) if block.lines else 0


def say(axes: Axes, text: str = "not run") -> None:
    """Write into an empty panel why it is empty."""
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color=style.GREY)


def lines(axes: Axes, panel: pd.DataFrame, x: str, opacity: float = 0.15) -> None:
    """Draw the column ``mean`` over a column of whole numbers, a line per objective, and ``low`` to ``high`` as a band.

    Markers of the objectives are at different points, so that lines on each other can be told apart.
    """
    for number, (objective, line) in enumerate(by(panel, "objective")):
        spacing = -(-len(line) // MARKERS_PER_LINE)
        look = style.look(objective) | (THIN if spacing > 1 else {})
        axes.plot(line[x], line["mean"], label=objective, markevery=(number % spacing, spacing), **look)
        if (line["high"] > line["low"]).any():
            axes.fill_between(line[x], line["low"], line["high"], color=look["color"], alpha=opacity, linewidth=0)
    axes.locator_params("x", integer=True)


def near(values: pd.Series, least: float) -> pd.Series:
    """Whether each value is near enough the others for one scale: one that fails would hide their differences.

    Args:
        values: One per objective.
        least: The smallest distance between quartiles that counts, in their unit.
    """
    low, high = values.quantile([0.25, 0.75])
    return values >= low - FAR * max(high - low, least)


def leave_room(axes: Axes, low: float, high: float) -> None:
    """Set the limits of the values, with a little room above and below."""
    room = 0.06 * (high - low) or 0.01
    axes.set_ylim(low - room, high + room)


def matrix(axes: Axes, values: pd.DataFrame, texts: pd.DataFrame, norm: Normalize) -> None:
    """Draw values as colours, and on each cell a text that can be read on it. Both have the shape (rows, columns).

    Args:
        axes: Has rows and columns from 0 to the number of them.
        values: NaN is white.
        texts: One for each of the values.
        norm: Scales the values to [0, 1].
    """
    values = values.to_numpy(float)
    axes.imshow(np.ma.masked_invalid(values), cmap=COLORS, norm=norm, aspect="auto")
    axes.grid(False)
    for (row, column), value in np.ndenumerate(values):
        color = style.GREY if np.isnan(value) else "white" if norm(value) < 0.525 else "black"
        axes.text(column, row, texts.iat[row, column], color=color, **style.CENTRED)
