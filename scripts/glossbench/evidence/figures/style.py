"""The style of all figures: sizes, fonts, colours, markers, and saving.

The colours are those of Okabe and Ito (2008), which are distinguishable with common forms of colour blindness. Markers
and dash patterns also distinguish the objectives, so that figures can be read in grey.
"""

import io
import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from zlib import crc32

import matplotlib
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, fontManager
from matplotlib.ft2font import FT2Font
from matplotlib.lines import Line2D
from matplotlib.text import Text
from matplotlib.textpath import text_to_path
from PIL import Image

from glossbench.evidence.text.names import entries, in_order, objective_name

log = logging.getLogger(__name__)

COLUMN_WIDTH = 3.35  # inches, one column of a two-column page
PAGE_WIDTH = 6.95  # inches, both columns
DOTS_PER_INCH = 300
POINTS_PER_INCH = 72
TEXT = 7  # points
TITLE = 7.5  # points, a panel's title
SMALL = 6  # points, the smallest text in any figure
CENTRED = {"ha": "center", "va": "center", "fontsize": SMALL}  # keyword arguments of a small text

BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
BLUE, VERMILION, PURPLE, GREY, BROWN = "#0072B2", "#D55E00", "#CC79A7", "#666666", "#8C6D1F"
OLIVE, MAROON, TEAL, NAVY, ROSE, MINT = "#7F8C00", "#7A0019", "#005F60", "#24287A", "#FF9DA7", "#86DDB9"

FONT = "DejaVu Sans"
RC = {
    "text.parse_math": False,  # names may contain $
    "font.family": "sans-serif",
    "font.sans-serif": [FONT],  # part of matplotlib, so the same on every machine
    **dict.fromkeys(["font.size", "axes.labelsize", "legend.fontsize"], TEXT),
    **dict.fromkeys(["xtick.labelsize", "ytick.labelsize"], SMALL),
    **{"axes.titlesize": TITLE, "figure.titlesize": 8, "figure.titleweight": "bold"},
    "legend.frameon": False,
    **dict.fromkeys(["axes.linewidth", "patch.linewidth", "xtick.major.width", "ytick.major.width"], 0.6),
    **dict.fromkeys(["xtick.major.size", "ytick.major.size"], 2.5),
    **{"axes.grid": True, "grid.linewidth": 0.4, "grid.color": "#DDDDDD"},
    **{"lines.linewidth": 1.1, "lines.markersize": 3.5},
    "pdf.fonttype": 42,  # TrueType; publishers do not accept Type 3
    "savefig.dpi": DOTS_PER_INCH,
}
LOOKS = {  # colour, marker and dashes by the colour that the registry of objectives names
    "grey": (GREY, "o", (1, 1)),
    "orange": (ORANGE, "s", (4, 1.5)),
    "green": (GREEN, "v", (4, 1, 1, 1)),
    "purple": (PURPLE, "P", (2, 1)),
    "blue": (BLUE, "^", ()),
    "vermilion": (VERMILION, "D", (7, 1)),
    "black": (BLACK, "X", (5, 1, 1, 1, 1, 1)),
    "sky": (SKY, "*", (3, 1, 1, 1)),
    "brown": (BROWN, "p", (6, 2)),
    "olive": (OLIVE, "h", (2, 2)),
    "maroon": (MAROON, "<", (9, 1, 2, 1)),
    "teal": (TEAL, ">", (1, 1, 4, 1)),
    "navy": (NAVY, "d", (2, 1, 2, 3)),
    "rose": (ROSE, "8", (6, 1, 1, 2)),
    "mint": (MINT, "H", (8, 2, 1, 2)),
}
VARIANT_DASHES = [(8, 2), (3, 2), (5, 2, 1, 2), (1, 2)]


def look(objective: str) -> dict:
    """Keyword arguments of ``Axes.plot`` for an objective, which do not depend on the other objectives in a figure.

    The colour comes from the registry; marker and dashes depend on it. An objective with a preset or a changed setting
    has the same colour, the same marker without filling, and other dashes. An objective without a colour gets one
    that no other objective has in the registry.
    """
    entry = entries("objective").get(objective, {"base": objective, "variant": "", "color": None})
    color, marker, dashes = LOOKS[entry["color"] or _spare_color(entry["base"])]
    face = color
    if entry["variant"]:  # presets sort last: taken first, they differ whatever settings were changed
        known = {one["variant"] for one in entries("objective").values() if one["base"] == entry["base"]} - {""}
        place = sorted(known, reverse=True).index(entry["variant"])
        face, dashes = "white", VARIANT_DASHES[place % len(VARIANT_DASHES)]
    edge = {"markerfacecolor": face, "markeredgecolor": color, "markeredgewidth": 0.7}
    return {"color": color, "marker": marker, "linestyle": (0, dashes), **edge}


def _spare_color(base: str) -> str:
    known = entries("objective").values()
    used = {entry["color"] for entry in known}
    without = list(dict.fromkeys(entry["base"] for entry in known if entry["color"] is None))
    spare = [color for color in LOOKS if color not in used] or list(LOOKS)
    place = without.index(base) if base in without else crc32(base.encode())
    return spare[place % len(spare)]


def objective_entries(objectives: Iterable[str], **changes) -> list[Line2D]:
    """The legend entries of objectives in display order, with changes to their looks."""
    return [
        Line2D([], [], label=objective_name(objective), **{**look(objective), **changes})
        for objective in in_order(objectives, "objective")
    ]


CLASS_COLORS = [BLUE, ORANGE, GREEN, VERMILION, PURPLE, SKY, BLACK]
CLASS_MARKERS = ["o", "s", "^", "D", "v", "P", "X", "*"]


def class_look(place: int) -> dict:
    """Colour and marker of a class by its place, from 0. There are 56 different pairs."""
    return {"color": CLASS_COLORS[place % len(CLASS_COLORS)], "marker": CLASS_MARKERS[place % len(CLASS_MARKERS)]}


def class_entries(names: Iterable[str]) -> list[Line2D]:
    """The legend entries of classes by their places."""
    return [
        Line2D([], [], linestyle="none", label=fitted(str(name), 1.5, SMALL), **class_look(place))
        for place, name in enumerate(names)
    ]


def legend(handles: Sequence, width: float, points: float = TEXT) -> tuple[dict, float]:
    """Keyword arguments of ``Figure.legend`` with as many columns as fit a width, and the height. Both in inches.

    Args:
        handles: Legend entries; without any, the height is zero.
        width: Largest width.
        points: Font size. With ``SMALL``, entries are set closer.
    """
    look = {"handlelength": 0.8, "handletextpad": 0.3, "columnspacing": 0.8, "labelspacing": 0.25}
    gap, line, look = (0.28, 0.13, look) if points == SMALL else (0.5, 0.16, {})
    widest = max((inches(handle.get_label(), points) for handle in handles), default=1) + gap
    columns = max(1, min(len(handles), int(width // widest)))
    height = 0.1 + line * -(-len(handles) // columns) if handles else 0
    return {"handles": handles, "fontsize": points, "ncols": columns, **look}, height


def fitted(text: str, width: float, points: float = TEXT) -> str:
    """The text, shortened with an ellipsis if it is wider than ``width`` inches."""
    if inches(text, points) <= width:
        return text
    while text and inches(f"{text}…", points) > width:
        text = text[:-1]
    return f"{text}…"


def inches(text: str, points: float) -> float:
    """Width of a text at a font size, in inches."""
    font = FontProperties(family=FONT, size=points)
    width, _, _ = text_to_path.get_text_width_height_descent(text, font, ismath=False)
    return width / POINTS_PER_INCH


@contextmanager
def styled() -> Iterator[None]:
    """Use the style while the body runs. Also works as a decorator."""
    settings = {**sns.axes_style("ticks"), **sns.plotting_context("paper"), **RC}
    with matplotlib.rc_context(settings):
        yield


def take_fonts(figure: Figure) -> None:
    """Set characters that the style's font lacks in installed fonts that have them; the log names those without one."""
    texts = figure.findobj(Text)
    letters, families = {letter for text in texts for letter in text.get_text() if letter.isprintable()}, []
    missing = letters - _characters(findfont(FONT))
    for font in sorted(fontManager.ttflist, key=lambda font: (font.name, font.fname)) if missing else []:
        if not font.name.startswith("Last Resort") and (found := missing & _characters(font.fname)):
            families.append(font.name)
            missing -= found
    for text in texts if families else []:
        text.set_fontfamily([FONT, *families])
    if missing:
        log.warning("no installed font has %s: install one that has, e.g. Noto Sans CJK", " ".join(sorted(missing)))


@cache
def _characters(path: str) -> set[str]:
    """The characters of a font file."""
    return set(map(chr, FT2Font(path).get_charmap()))


def save(figure: Figure, stem: str | Path) -> None:
    """Write ``stem``.png (300 dots per inch) and ``stem``.pdf. The same figure gives the same bytes.

    The png has 256 colours, chosen for the figure: no difference can be seen, and the report, which holds all figures,
    has a third of the bytes.
    """
    logging.getLogger("fontTools").setLevel(logging.WARNING)  # it logs every glyph that a pdf embeds
    with styled():
        take_fonts(figure)
        drawn = io.BytesIO()
        figure.savefig(drawn, format="png")
        palette = Image.open(drawn).convert("RGB").quantize(256, kmeans=1, dither=Image.Dither.NONE)
        palette.save(f"{stem}.png", optimize=True, dpi=(DOTS_PER_INCH, DOTS_PER_INCH))
        figure.set_layout_engine("none")  # keep the layout of the png for the pdf
        figure.savefig(f"{stem}.pdf", metadata={"CreationDate": None, "Creator": None, "Producer": None})
