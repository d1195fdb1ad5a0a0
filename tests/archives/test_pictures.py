"""Pdfs that differ in the last digits of coordinates draw the same; those that differ in more do not."""

import io

import matplotlib.pyplot as plt
import pytest
from glossbench.archives.rebuilding import draw_the_same


def pdf(height=1.0, title="scores", color="C0"):
    figure, axes = plt.subplots()
    axes.plot([0, 1, 2], [0, height, 2], color=color)
    axes.set(title=title, ylim=(0, 3))
    content = io.BytesIO()
    figure.savefig(content, format="pdf", metadata={"CreationDate": None})
    plt.close(figure)
    return content.getvalue()


def test_last_digits_make_no_difference():
    assert pdf(1.0) != pdf(1.00001)
    assert draw_the_same(pdf(1.0), pdf(1.00001))


@pytest.mark.parametrize("change", [{"height": 1.01}, {"title": "Scores"}, {"color": "C1"}])
def test_a_point_a_letter_or_a_color_does(change):
    assert not draw_the_same(pdf(), pdf(**change))
