"""Figures: the data that is drawn, what stands where, and the same bytes each time."""

import hashlib
import itertools
import os
import subprocess
import sys
from pathlib import Path

import evidence_frames as frames
import numpy as np
import pandas as pd
import pytest
from glossbench.evidence import names
from glossbench.evidence.figures import learning_curves, projections, style
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PolyCollection
from matplotlib.text import Text

CURVES = {("ce", 0): [0.5, 0.7, 0.9], ("ce", 1): [0.3, 0.6], ("scl", 0): [0.1, 0.2]}
R52 = {f"class-{label:02d}": 1 + label % 7 for label in range(52)}


def panels(figure) -> list:
    return [axes for axes in figure.axes if axes.get_visible()]


def drawn_texts(figure) -> list:
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
            hidden |= {tick.label1 for tick in axis.get_major_ticks() if not low <= tick.get_loc() <= high}
    return [(text.get_text(), text.get_window_extent()) for text in texts if text not in hidden]


def test_curves_are_the_mean_over_the_seeds_still_running():
    table = learning_curves.frame(frames.epochs(CURVES)).set_index(["objective", "epoch"])
    ce = table.loc["ce"]
    assert ce["mean"].to_list() == pytest.approx([0.4, 0.65, 0.9])
    assert ce["low"].to_list() == pytest.approx([0.3, 0.6, 0.9])
    assert ce["high"].to_list() == pytest.approx([0.5, 0.7, 0.9])
    assert ce["n_seeds"].to_list() == [2, 2, 1]
    assert ce["n_stopped"].to_list() == [0, 1, 0]
    assert table.loc["scl", "mean"].to_list() == pytest.approx([0.1, 0.2])  # silhouette, the standalone score


def test_a_panel_shows_a_line_an_objective_a_band_over_seeds_and_where_a_seed_stops():
    integrated, standalone = panels(learning_curves.draw(learning_curves.frame(frames.epochs(CURVES))))
    line, stops = integrated.get_lines()
    assert line.get_label() == "ce"
    assert line.get_ydata() == pytest.approx([0.4, 0.65, 0.9])
    assert stops.get_xdata().tolist() == [2]
    (band,) = [item for item in integrated.collections if isinstance(item, PolyCollection)]
    assert band.get_paths()[0].get_extents().ymax == pytest.approx(0.9)
    assert not standalone.collections  # one seed has no band
    assert integrated.get_ylabel() == "MiniLM-L6\nmacro-F1"
    assert standalone.get_ylabel() == "MiniLM-L6\nmacro-silhouette"


def test_corpora_are_columns_and_a_missing_combination_says_so():
    given = pd.concat([frames.epochs(CURVES, "mr"), frames.epochs({("ce", 0): [0.5, 0.6]}, "r8")])
    given.loc[given["corpus"] == "r8", "encoder"] = "bert-base"
    shown = panels(learning_curves.draw(learning_curves.frame(given)))
    assert len(shown) == 2 * 2 + 1
    assert [axes.get_title() for axes in shown] == ["MR", "R8", "", "", "MR"]
    texts = [[text.get_text() for text in axes.texts] for axes in shown]
    assert texts == [[], ["not run"], ["not run"], [], []]


def test_an_objective_looks_the_same_whatever_else_is_shown_and_unlike_its_rivals():
    alone, beside = (
        learning_curves.draw(learning_curves.frame(frames.epochs({(key, 0): [0.1, 0.2] for key in keys})))
        for keys in (["gloss-sqrt-ce"], ["ce", "scl-ce", "gloss-sqrt-ce"])
    )
    colors = [
        {line.get_label(): line.get_color() for line in panels(figure)[0].get_lines()}["gloss-sqrt-ce"]
        for figure in (alone, beside)
    ]
    assert colors[0] == colors[1]
    for protocol in ("-ce", ""):
        rivals = [key for key in names.OBJECTIVES if key.endswith("-ce") == bool(protocol)]
        for a, b in itertools.combinations(map(style.look, rivals), 2):
            assert a.color != b.color
            assert a.marker != b.marker  # told apart in a grey print too
            assert a.dashes != b.dashes
    assert style.look("gloss-o-ce@reference") != style.look("gloss-o-ce")
    assert style.look("gloss-o-ce@reference").color == style.look("gloss-o-ce").color


def test_52_classes_have_looks_of_their_own():
    assert len({style.class_look(place) for place in range(52)}) == 52


def test_projection_keeps_shape_and_gives_the_largest_class_the_first_look():
    points = projections.frame(frames.projections({"small": 2, "large": 5}, ("ce", "gloss-sqrt-ce"), (3, 1)))
    assert set(points["seed"]) == {1}
    assert dict(zip(points["class_name"], points["place"], strict=True)) == {"large": 0, "small": 1}
    one = points[points["objective"] == "ce"]
    assert (one["x"].min(), one["x"].max()) == pytest.approx((-1, 1))
    # documents span 60 in x and 5 in y: one scale for both axes keeps distances
    assert np.ptp(one["y"]) / np.ptp(one["x"]) == pytest.approx(5 / 60)


def test_projection_shows_the_objectives_side_by_side_with_every_document_and_class():
    figure = projections.draw(projections.frame(frames.projections(R52, ("scl", "gloss-sqrt"))))
    left, right = panels(figure)
    assert [axes.get_title() for axes in (left, right)] == ["MiniLM-L6\nSCL", "MiniLM-L6\nG-Loss-SQRT"]
    for axes in (left, right):
        assert sum(len(drawn.get_offsets()) for drawn in axes.collections) == sum(R52.values())
        assert axes.get_aspect() == 1
    (legend,) = [legend for part in figure.subfigs for legend in part.legends]
    assert sorted(text.get_text() for text in legend.get_texts()) == sorted(R52)


def curves_of_all_objectives():
    runs = itertools.product(("ce", "scl-ce", "gloss-sqrt-ce", "scl"), (0, 1))
    return learning_curves.draw(learning_curves.frame(frames.epochs({run: [0.1, 0.2] for run in runs})))


def maps_of_52_classes():
    long = {f"{name}.a.rather.long.name": size for name, size in R52.items()}
    return projections.draw(projections.frame(frames.projections(long, ("scl", "gloss-sqrt"))))


@pytest.mark.parametrize("make", [curves_of_all_objectives, maps_of_52_classes])
def test_no_text_is_clipped_or_lies_on_another(make):
    figure = make()
    texts = drawn_texts(figure)
    width, height = figure.get_size_inches() * style.DOTS_PER_INCH
    for text, box in texts:
        assert box.x0 >= -1, text
        assert box.y0 >= -1, text
        assert box.x1 <= width + 1, text
        assert box.y1 <= height + 1, text
    for (one, a), (other, b) in itertools.combinations(texts, 2):
        overlap = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
        assert min(overlap) <= 2, f"{one!r} lies on {other!r}"  # pixels of 1/300 inch


DRAW = """
import sys
import evidence_frames as frames
from glossbench.evidence.figures import projections, style
given = frames.projections({"a": 3, "b": 2}, ("scl", "gloss-sqrt"))
style.save(projections.draw(projections.frame(given)), sys.argv[1])
"""


def test_another_process_saves_the_same_bytes(tmp_path):
    digests = []
    for seed in ("1", "2"):
        paths = os.pathsep.join([str(Path(__file__).parent), *sys.path])
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": paths}
        subprocess.run([sys.executable, "-c", DRAW, tmp_path / seed], env=environment, check=True)
        files = [tmp_path / f"{seed}.{ending}" for ending in ("png", "pdf")]
        digests.append([hashlib.sha256(path.read_bytes()).hexdigest() for path in files])
        assert b"/CreationDate" not in files[1].read_bytes()
    assert digests[0] == digests[1]
