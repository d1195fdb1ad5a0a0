"""Figures: the data that is drawn, what stands where, and the same bytes each time."""

import itertools
import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import evidence_frames as frames
import numpy as np
import pandas as pd
import pytest
from figure_texts import panels
from glossbench.evidence.figures import learning_curves, projections, style
from glossbench.evidence.text import names
from matplotlib.collections import PolyCollection

CURVES = {("ce", 0): [0.5, 0.7, 0.9], ("ce", 1): [0.3, 0.6], ("scl", 0): [0.1, 0.2]}
R52 = {f"class-{label:02d}": 1 + label % 7 for label in range(52)}


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


def test_an_objective_looks_the_same_whatever_else_is_shown_and_unlike_its_baselines():
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
        baselines = [key for key in names.OBJECTIVES if key.endswith("-ce") == bool(protocol)]
        for a, b in itertools.combinations(map(style.look, baselines), 2):
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


DRAW = """
import sys
from pathlib import Path
import figure_frames as frames
import evidence_frames
from glossbench.evidence.figures import adjacency, method, projections, style, tuning, weight
runs = frames.runs(("mr", "r8", "r52"), ("bert-base",), frames.varied() + ("ce", "scl-ce"), (0,))
figures = {
    "projections": projections.draw(projections.frame(evidence_frames.projections({"a": 3, "b": 2}, ("scl", "gloss-o")))),
    "method": method.draw(method.frame()),
    "weight": weight.draw(weight.frame(runs=runs)),
    "tuning": tuning.draw(tuning.frame(trials=frames.trials(("mr",), ("bert-base",)))),
    "adjacency": adjacency.draw(adjacency.frame(snapshots=frames.snapshots(size=32))),
}
for name, figure in figures.items():
    style.save(figure, Path(sys.argv[1]) / name)
"""


@pytest.mark.slow
def test_another_process_saves_the_same_bytes(tmp_path):
    folders = [tmp_path / seed for seed in ("1", "2")]
    paths = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    running = []
    for folder in folders:
        folder.mkdir()
        environment = {**os.environ, "PYTHONHASHSEED": folder.name, "PYTHONPATH": paths}
        running.append(subprocess.Popen([sys.executable, "-c", DRAW, folder], env=environment))
    assert [process.wait() for process in running] == [0, 0]
    digests = [{path.name: sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()} for folder in folders]
    assert digests[0] == digests[1]
    assert len(digests[0]) == 2 * 5
    assert not any(b"/CreationDate" in path.read_bytes() for path in folders[0].iterdir())
