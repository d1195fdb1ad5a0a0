"""t-SNE maps of test embeddings, one panel per encoder and objective: figure F6 of the paper."""

from functools import partial

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from glossbench.evidence.figures import panels, style
from glossbench.evidence.selection import unvaried
from glossbench.evidence.text.names import arrange, corpus_name
from glossbench.frames import EXPERIMENT

VECTOR_POINTS = 5000  # with more points, the points of a pdf are rasterized; its text remains text


def tidy(projections: pd.DataFrame) -> pd.DataFrame:
    """The data of the figure. Of each objective, only the first seed is used.

    One row per point: corpus, encoder, objective, seed, label, class_name, place, x, y. place numbers the classes
    of a corpus from 0 by size, the largest first, equal sizes by label. It determines the colour and the marker of
    a class, which are the same in all panels of its corpus. Points are centred in their panel and scaled to
    [-1, 1].
    """
    rows = unvaried(projections)
    first = rows.groupby(EXPERIMENT)["seed"].transform("min")
    points = arrange(rows[rows["seed"] == first], [*EXPERIMENT, "doc_id"])
    sizes = points.groupby(["corpus", "label"]).size().rename("size").reset_index()
    sizes = sizes.sort_values(["corpus", "size", "label"], ascending=[True, False, True])
    sizes["place"] = sizes.groupby("corpus").cumcount()
    points = points.merge(sizes[["corpus", "label", "place"]], on=["corpus", "label"], validate="many_to_one")
    by_panel = points.groupby(EXPERIMENT)[["x", "y"]]
    low, high = by_panel.transform("min"), by_panel.transform("max")
    half = ((high - low) / 2).max(axis=1).groupby([points[key] for key in EXPERIMENT]).transform("max")
    centred = (points[["x", "y"]] - (low + high) / 2).div(half.where(half > 0, 1), axis=0)
    columns = [*EXPERIMENT, "seed", "label", "class_name", "place"]
    return pd.concat([points[columns], centred], axis=1)


@panels.drawing
def draw(points: pd.DataFrame) -> Figure:
    """Draw a block per corpus with a legend of its classes, objectives as columns and encoders as rows."""
    draw_panel = partial(_draw_panel, as_picture=len(points) > VECTOR_POINTS)
    blocks = []
    for corpus, own in panels.by(points, "corpus"):
        classes = own.drop_duplicates("place").sort_values("place")["class_name"]
        handles = style.class_entries(classes)
        blocks.append(panels.Block(corpus_name(corpus), own, draw_panel, columns="objective", handles=handles))
    return panels.page(blocks)


def _draw_panel(axes: Axes, points: pd.DataFrame, as_picture: bool) -> None:
    size = min(12.0, max(1.5, 2500 / len(points)))  # square points; smaller markers in crowded panels
    for place, members in points.groupby("place"):  # the largest class first, so that small ones are on top
        look = {"s": size, "linewidths": 0, "rasterized": as_picture, **style.class_look(place)}
        axes.scatter(members["x"], members["y"], **look)
    axes.set(xlim=(-1.05, 1.05), ylim=(-1.05, 1.05), xticks=[], yticks=[], aspect="equal")
