"""t-SNE maps of test embeddings, one panel per encoder and objective: figure F6 of the paper."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from glossbench.evidence.figures import panels, style
from glossbench.evidence.selection import unvaried
from glossbench.evidence.text.names import arrange, corpus_name, encoder_name, in_order, objective_name

PANEL = ["corpus", "encoder", "objective"]
WIDEST_ROW = 6  # panels per row of a page
LARGEST_PANEL = 3.1  # inches
LEGEND_LINE = 0.125  # inches
LEGEND_GAP = 0.28  # inches per legend entry for marker and space
LONGEST_NAME = 28  # characters
VECTOR_POINTS = 5000  # with more points, the points of a pdf are rasterized; its text remains text

select = unvaried


def frame(projections: pd.DataFrame) -> pd.DataFrame:
    """The data of the figure. Of each objective, only the first seed is used.

    Args:
        projections: The collected projections.

    Returns:
        One row per point: corpus, encoder, objective, seed, label, class_name, place, x, y. place numbers the classes
        of a corpus from 0 by size, the largest first, equal sizes by label. It determines the colour and the marker of
        a class, which are the same in all panels of its corpus. Points are centred in their panel and scaled to
        [-1, 1].
    """
    rows = select(projections)
    first = rows.groupby(PANEL)["seed"].transform("min")
    points = arrange(rows[rows["seed"] == first], [*PANEL, "doc_id"])
    sizes = points.groupby(["corpus", "label"]).size().rename("size").reset_index()
    sizes = sizes.sort_values(["corpus", "size", "label"], ascending=[True, False, True])
    sizes["place"] = sizes.groupby("corpus").cumcount()
    points = points.merge(sizes[["corpus", "label", "place"]], on=["corpus", "label"], validate="many_to_one")
    by_panel = points.groupby(PANEL)[["x", "y"]]
    low, high = by_panel.transform("min"), by_panel.transform("max")
    half = ((high - low) / 2).max(axis=1).groupby([points[key] for key in PANEL]).transform("max")
    centred = (points[["x", "y"]] - (low + high) / 2).div(half.where(half > 0, 1), axis=0)
    columns = [*PANEL, "seed", "label", "class_name", "place"]
    return pd.concat([points[columns], centred], axis=1)


@panels.drawing()
def draw(points: pd.DataFrame) -> Figure:
    """Draw a block per corpus, with its panels in rows and a legend of its classes.

    Up to ``WIDEST_ROW`` panels (encoders times objectives) share a row. With more, each encoder has its own rows.
    """
    corpora = in_order(points["corpus"], "corpus")
    blocks = [_Block(corpus, points[points["corpus"] == corpus]) for corpus in corpora]
    heights = [block.height for block in blocks]
    figure = Figure(figsize=(style.PAGE_WIDTH, sum(heights)), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.02, h_pad=0.02, wspace=0.02, hspace=0.02)
    parts = figure.subfigures(len(blocks), 1, squeeze=False, height_ratios=heights)
    for part, block in zip(parts.flat, blocks, strict=True):
        block.draw(part, as_picture=len(points) > VECTOR_POINTS)
    return figure


class _Block:
    """The panels and the legend of one corpus, and their size."""

    def __init__(self, corpus: str, points: pd.DataFrame):
        self.corpus, self.points = corpus, points
        encoders = in_order(points["encoder"], "encoder")
        objectives = in_order(points["objective"], "objective")
        self.panels = [(encoder, objective) for encoder in encoders for objective in objectives]
        wanted = len(self.panels) if len(self.panels) <= WIDEST_ROW else len(objectives)
        self.columns = min(wanted, WIDEST_ROW)
        self.rows = -(-len(self.panels) // self.columns)
        names = points.drop_duplicates("place").set_index("place")["class_name"].sort_index()
        self.names = names.map(_shortened).to_list()
        self.legend_columns = style.legend_columns(self.names, style.PAGE_WIDTH, style.SMALL, LEGEND_GAP)
        side = min(LARGEST_PANEL, style.PAGE_WIDTH / self.columns - 0.06)
        legend_lines = -(-len(self.names) // self.legend_columns)
        self.height = self.rows * (side + 0.27) + legend_lines * LEGEND_LINE + 0.27

    def draw(self, part: SubFigure, as_picture: bool) -> None:
        part.suptitle(corpus_name(self.corpus))
        axes = part.subplots(self.rows, self.columns, squeeze=False)
        for panel, (encoder, objective) in zip(axes.flat, self.panels, strict=False):
            own = (self.points["encoder"] == encoder) & (self.points["objective"] == objective)
            _draw_panel(panel, self.points[own], as_picture)
            panel.set_title(f"{encoder_name(encoder)}\n{objective_name(objective)}", fontsize=style.SMALL)
        for unused in axes.flat[len(self.panels) :]:
            unused.set_axis_off()
        panels.class_legend(part, self.names, self.legend_columns)


def _draw_panel(axes: Axes, points: pd.DataFrame, as_picture: bool) -> None:
    size = min(12.0, max(1.5, 2500 / max(1, len(points))))  # square points; smaller markers in crowded panels
    for place, members in points.groupby("place"):  # the largest class first, so that small ones are on top
        color, marker = style.class_look(place)
        axes.scatter(members["x"], members["y"], s=size, c=color, marker=marker, linewidths=0, rasterized=as_picture)
    axes.set(xlim=(-1.05, 1.05), ylim=(-1.05, 1.05), xticks=[], yticks=[], aspect="equal")
    if points.empty:
        panels.say(axes)


def _shortened(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"
