"""What a reader would see of a figure's texts: where they stand, how large they are."""

import itertools

from glossbench.evidence.figures import style
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

SHRINK = 0.7  # matplotlib sets the indices of a formula at this share of its size


def panels(figure: Figure) -> list:
    """The panels that show something, in the order in which they were made."""
    return [axes for axes in figure.axes if axes.get_visible() and axes.axison]


def drawn_texts(figure: Figure) -> list[tuple[Text, object]]:
    """Every text that is drawn, with its box in the pixels of the saved png."""
    figure.set_dpi(style.DOTS_PER_INCH)
    canvas = FigureCanvasAgg(figure)
    with style.styled():
        canvas.draw()
    found = dict.fromkeys(figure.findobj(Text))
    texts = [text for text in found if text.get_visible() and text.get_text().strip()]
    hidden = set()  # matplotlib keeps labels of ticks that lie beyond the panel, and does not draw them
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            ticks = axis.get_major_ticks()
            hidden |= {tick.label1 for tick in ticks if not axes.axison or not low <= tick.get_loc() <= high}
        if not axes.axison:
            hidden |= {axes.xaxis.label, axes.yaxis.label}
    return [(text, text.get_window_extent()) for text in texts if text not in hidden]


def assert_legible(figure: Figure) -> None:
    """No text is clipped, lies on another, or is set in less than 6 points at the figure's printed size."""
    assert figure.get_size_inches()[0] <= style.PAGE_WIDTH + 1e-6
    width, height = figure.get_size_inches() * style.DOTS_PER_INCH
    texts = drawn_texts(figure)
    assert texts
    for text, box in texts:
        shrink = SHRINK if text.get_parse_math() and "_" in text.get_text() else 1
        assert text.get_fontsize() * shrink >= 6, text
        assert box.x0 >= -1, text
        assert box.y0 >= -1, text
        assert box.x1 <= width + 1, text
        assert box.y1 <= height + 1, text
    for (one, a), (other, b) in itertools.combinations(texts, 2):
        overlap = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
        assert min(overlap) <= 2, f"{one!r} lies on {other!r}"  # pixels of 1/300 inch
