"""What a reader would see of a figure's texts: where they stand, how large they are."""

import numpy as np
from glossbench.evidence.figures import style
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox

SHRINK = 0.7  # matplotlib sets the indices of a formula at this share of its size


def panels(figure: Figure) -> list:
    """The panels that show something, in the order in which they were made."""
    return [axes for axes in figure.axes if axes.get_visible() and axes.axison]


def texts(drawn: Axes | Figure) -> list[str]:
    """What is written in a panel or below all of them."""
    return [text.get_text() for text in drawn.texts if text.get_text()]


def drawn_texts(figure: Figure) -> list[tuple[Text, Bbox]]:
    """Every text that is drawn, with its box in the pixels of the saved png."""
    figure.set_dpi(style.DOTS_PER_INCH)
    FigureCanvasAgg(figure)  # its renderer measures texts as they are saved
    with style.styled():
        figure.draw_without_rendering()
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
    texts = drawn_texts(figure)
    assert texts
    for text, _ in texts:
        shrink = SHRINK if text.get_parse_math() and "_" in text.get_text() else 1
        assert text.get_fontsize() * shrink >= 6, text
    width, height = figure.get_size_inches() * style.DOTS_PER_INCH
    beyond = [(-box.x0, -box.y0, box.x1 - width, box.y1 - height) for _, box in texts]  # pixels
    assert [text.get_text() for (text, _), room in zip(texts, beyond, strict=True) if max(room) > 1] == []
    # pairs of texts that lie on each other by more than two pixels, of 1/300 inch, both ways
    low, high = (np.array([getattr(box, end) for _, box in texts]) for end in ("min", "max"))
    shared = np.minimum(high[:, None], high) - np.maximum(low[:, None], low)  # (texts, texts, 2)
    pairs = np.argwhere(np.triu(shared.min(axis=2) > 2, k=1))
    assert [(texts[one][0].get_text(), texts[other][0].get_text()) for one, other in pairs] == []
