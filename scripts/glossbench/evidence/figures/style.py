"""How every figure looks: sizes, fonts, colours, markers, and how it is saved.

Colours are Okabe and Ito's (2008), which people with the usual colour blindnesses can tell apart; marker and
dash pattern repeat what the colour says, so that a print in grey can be read too.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import matplotlib
import numpy as np
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.textpath import text_to_path

from glossbench.evidence.text.names import entries, objective_name

COLUMN_WIDTH = 3.35  # inches, one column of a two-column page
PAGE_WIDTH = 6.95  # inches, both columns
DOTS_PER_INCH = 300
TEXT = 7  # points
TITLE = 7.5  # points, a panel's title
SMALL = 6  # points, the smallest text in any figure

BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
BLUE, VERMILION, PURPLE, GREY, BROWN = "#0072B2", "#D55E00", "#CC79A7", "#666666", "#8C6D1F"

RC = {
    "text.parse_math": False,  # a class may be called a$b
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],  # ships with matplotlib: the same glyphs on every machine
    "font.size": TEXT,
    "axes.labelsize": TEXT,
    "axes.titlesize": TITLE,
    "figure.titlesize": 8,
    "figure.titleweight": "bold",
    "legend.fontsize": TEXT,
    "legend.frameon": False,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "axes.linewidth": 0.6,
    "axes.grid": True,
    "grid.linewidth": 0.4,
    "grid.color": "#DDDDDD",
    "lines.linewidth": 1.1,
    "lines.markersize": 3.5,
    "patch.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "pdf.fonttype": 42,  # text stays text; publishers refuse Type 3
    "savefig.dpi": DOTS_PER_INCH,
}


@dataclass(frozen=True)
class Look:
    """What tells one objective from another: colour, marker, dash pattern, filled marker or not."""

    color: str
    marker: str
    dashes: tuple
    filled: bool = True

    def line(self) -> dict:
        """Keyword arguments of ``Axes.plot`` and ``Line2D``."""
        face = self.color if self.filled else "white"
        return {
            "color": self.color,
            "marker": self.marker,
            "linestyle": (0, self.dashes),
            "markerfacecolor": face,
            "markeredgecolor": self.color,
            "markeredgewidth": 0.7,
        }


SOLID: tuple = ()
LOOKS = {  # by the colour that the registry of objectives names
    "grey": Look(GREY, "o", (1, 1)),
    "orange": Look(ORANGE, "s", (4, 1.5)),
    "green": Look(GREEN, "v", (4, 1, 1, 1)),
    "purple": Look(PURPLE, "P", (2, 1)),
    "blue": Look(BLUE, "^", SOLID),
    "vermilion": Look(VERMILION, "D", (7, 1)),
    "black": Look(BLACK, "X", (5, 1, 1, 1, 1, 1)),
    "sky": Look(SKY, "*", (3, 1, 1, 1)),
    "brown": Look(BROWN, "p", (6, 2)),
}
VARIANT_DASHES = [(1, 2), (3, 2), (5, 2, 1, 2), (8, 2)]


def look(objective: str) -> Look:
    """The look of an objective, the same whatever else is shown.

    Colour, marker and dashes follow from the colour that the registry gives the objective. A preset or a changed
    setting keeps colour and marker, unfilled, with a dash pattern of its own. An objective without a colour gets one
    that the registry gives to no other.
    """
    entry = entries("objective").get(objective, {"base": objective, "variant": "", "color": None})
    plain = LOOKS[entry["color"] or _spare_color(entry["base"])]
    variant = entry["variant"]
    if not variant:
        return plain
    dashes = VARIANT_DASHES[crc32(variant.encode()) % len(VARIANT_DASHES)]
    return Look(plain.color, plain.marker, dashes, filled=False)


def _spare_color(base: str) -> str:
    known = entries("objective").values()
    used = {entry["color"] for entry in known}
    without = list(dict.fromkeys(entry["base"] for entry in known if entry["color"] is None))
    spare = [color for color in LOOKS if color not in used] or list(LOOKS)
    place = without.index(base) if base in without else crc32(base.encode())
    return spare[place % len(spare)]


def legend_entry(objective: str) -> Line2D:
    """A legend's handle for an objective, labelled with its display name."""
    return Line2D([], [], label=objective_name(objective), **look(objective).line())


CLASS_COLORS = [BLUE, ORANGE, GREEN, VERMILION, PURPLE, SKY, BLACK]
CLASS_MARKERS = ["o", "s", "^", "D", "v", "P", "X", "*"]


def class_look(place: int) -> tuple[str, str]:
    """Colour and marker of the class at a place (0-based): both change at each step, 56 pairs in all."""
    return CLASS_COLORS[place % len(CLASS_COLORS)], CLASS_MARKERS[place % len(CLASS_MARKERS)]


def readable_on(color: tuple[float, float, float, float]) -> str:
    """Black or white, whichever stands out on a colour (red, green, blue, opacity; 0 to 1)."""
    red, green, blue, _ = color
    return "black" if 0.299 * red + 0.587 * green + 0.114 * blue > 0.5 else "white"


def legend_columns(labels: list[str], width: float, points: float, gap: float) -> int:
    """Columns of the lowest legend of these labels that fits a width.

    width, and gap (handle and spaces beside a label): inches. points: the labels' font size.
    """
    widths = [inches(label, points) + gap for label in labels]
    for rows in range(1, len(labels)):
        columns = -(-len(labels) // rows)
        if sum(part.max() for part in np.array_split(widths, columns)) <= width:  # as matplotlib fills them
            return columns
    return 1


def fitted(text: str, width: float, points: float = TEXT) -> str:
    """The text, its end replaced by an ellipsis where it is longer than ``width`` inches."""
    if inches(text, points) <= width:
        return text
    while text and inches(f"{text}…", points) > width:
        text = text[:-1]
    return f"{text}…"


def inches(text: str, points: float) -> float:
    """How wide a text is at a font size."""
    with styled():
        width, _, _ = text_to_path.get_text_width_height_descent(text, FontProperties(size=points), ismath=False)
    return width / 72


@contextmanager
def styled() -> Iterator[None]:
    """The style, for as long as the body runs; also a decorator of functions that draw."""
    settings = {**sns.axes_style("ticks"), **sns.plotting_context("paper"), **RC}
    with matplotlib.rc_context(settings):
        yield


def save(figure: Figure, stem: str | Path) -> None:
    """Write ``stem``.png (300 dots an inch) and ``stem``.pdf; the same figure gives the same bytes."""
    logging.getLogger("fontTools").setLevel(logging.WARNING)  # it tells of every glyph that a pdf embeds
    with styled():
        figure.savefig(f"{stem}.png", metadata={"Software": None})
        figure.set_layout_engine("none")  # keep the layout just made: both files show the same one
        figure.savefig(f"{stem}.pdf", metadata={"CreationDate": None, "Creator": None, "Producer": None})
