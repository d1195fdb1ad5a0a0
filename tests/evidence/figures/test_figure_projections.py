"""Figure F6: maps of test embeddings."""

import numpy as np
import pytest
from figure_texts import panels
from glossbench.evidence.figures import projections, style
from made_up import projections as made_up_projections

R52 = {f"class-{label:02d}": 1 + label % 7 for label in range(52)}


def test_projection_keeps_shape_and_gives_the_largest_class_the_first_look():
    points = projections.frame(made_up_projections({"small": 2, "large": 5}, ("ce", "gloss-sqrt-ce"), (3, 1)))
    assert set(points["seed"]) == {1}
    assert dict(zip(points["class_name"], points["place"], strict=True)) == {"large": 0, "small": 1}
    one = points[points["objective"] == "ce"]
    assert (one["x"].min(), one["x"].max()) == pytest.approx((-1, 1))
    # documents span 60 in x and 5 in y: one scale for both axes keeps distances
    assert np.ptp(one["y"]) / np.ptp(one["x"]) == pytest.approx(5 / 60)


def test_projection_shows_the_objectives_side_by_side_with_every_document_and_class():
    figure = projections.draw(projections.frame(made_up_projections(R52, ("scl", "gloss-sqrt"))))
    left, right = panels(figure)
    assert [axes.get_title() for axes in (left, right)] == ["SCL", "G-Loss-SQRT"]
    assert left.get_ylabel() == "MiniLM-L6"
    for axes in (left, right):
        assert sum(len(drawn.get_offsets()) for drawn in axes.collections) == sum(R52.values())
        assert axes.get_aspect() == 1
    (legend,) = [legend for part in figure.subfigs for legend in part.legends]
    assert sorted(text.get_text() for text in legend.get_texts()) == sorted(R52)


def test_52_classes_have_looks_of_their_own():
    assert len({tuple(style.class_look(place).values()) for place in range(52)}) == 52
