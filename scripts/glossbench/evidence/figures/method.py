"""The method as a diagram, with numbers computed on a small batch: figure F1 of the paper."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch, Polygon, Rectangle

from glossbench.evidence.figures import style
from glossbench.evidence.selection import no_rows
from glossbench.graph import log_affinity, propagate_labels, unit_rows

SIGMA = 0.5
SEED = 221  # one of the few seeds whose nodes do not overlap
LABELS = (0, 0, 0, 0, 1, 1, 1, 1)
HIDDEN = (3, 7)
CENTRES = (math.radians(150), math.radians(30))  # angles of the classes
SPREAD = math.radians(30)
COLORS = (style.BLUE, style.ORANGE)
MARKERS = ("o", "s")
WIDTH, HEIGHT = style.PAGE_WIDTH, 2.75  # inches
MIDDLE = 1.5  # inches, height of the arrows between the steps
LOSS = 6.37  # inches from the left
RADIUS = 0.62  # inches, of the unit circle
FORMULA = 8.6  # points; indices are drawn at 0.7 of it

select = no_rows  # the diagram does not depend on runs


def frame() -> pd.DataFrame:
    """The nodes and edges of the diagram, computed by ``glossbench.graph`` on a batch of eight made-up documents.

    Returns:
        One row per node (kind "node"): node, label, labeled, x and y (on the unit circle), length (of the embedding
        before scaling), and for nodes with a hidden label the propagated probabilities p_0 and p_1 and loss (-log of
        the true class's probability). One row per edge (kind "edge"): node < other, and weight (the affinity).
    """
    chance = torch.Generator().manual_seed(SEED)
    labels, count = torch.tensor(LABELS), len(LABELS)
    angles = torch.tensor(CENTRES)[labels] + SPREAD * torch.randn(count, generator=chance)
    lengths = 0.45 + 0.4 * torch.rand(count, generator=chance)
    raw = lengths[:, None] * torch.stack([angles.cos(), angles.sin()], dim=1)
    labeled = torch.ones(count, dtype=torch.bool)
    labeled[list(HIDDEN)] = False
    unit, weights = unit_rows(raw), log_affinity(raw, SIGMA).exp()
    propagated = propagate_labels(raw.double(), labels, labeled, num_classes=2, sigma=SIGMA)
    probabilities = dict(zip(HIDDEN, propagated.tolist(), strict=True))
    nodes = []
    for node, label in enumerate(LABELS):
        row = {"kind": "node", "node": node, "label": label, "labeled": node not in HIDDEN}
        row |= {"x": unit[node, 0].item(), "y": unit[node, 1].item(), "length": lengths[node].item()}
        if node in HIDDEN:
            p = probabilities[node]
            row |= {"p_0": p[0], "p_1": p[1], "loss": -math.log(p[label])}
        nodes.append(row)
    edges = [
        {"kind": "edge", "node": node, "other": other, "weight": weights[node, other].item()}
        for node in range(count)
        for other in range(node + 1, count)
    ]
    columns = ["kind", "node", "other", "label", "labeled", "x", "y", "length", "weight", "p_0", "p_1", "loss"]
    return pd.DataFrame(nodes + edges, columns=columns)


@style.styled()
def draw(table: pd.DataFrame) -> Figure:
    """Draw documents, encoder, unit circle, graph, propagation and loss, and the path of the gradient."""
    nodes = table[table["kind"] == "node"].set_index("node")
    edges = table[table["kind"] == "edge"]
    figure = Figure(figsize=(WIDTH, HEIGHT))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set(xlim=(0, WIDTH), ylim=(0, HEIGHT))  # inches
    _draw_documents(axes, nodes, 0.42)
    _draw_encoder(axes, 1.17)
    _draw_circle(axes, nodes, 2.18)
    _draw_graph(axes, nodes, edges, 3.66)
    _draw_propagation(axes, nodes, 5.06)
    _draw_loss(axes, nodes, LOSS)
    for start, end in ((0.7, 0.86), (1.46, 1.53), (2.88, 2.98), (4.38, 4.62), (5.73, 5.82)):
        _arrow(axes, (start, MIDDLE), (end, MIDDLE))
    _draw_gradient(axes)
    return figure


def _heading(axes: Axes, x: float, text: str, formula: str = "") -> None:
    axes.text(x, HEIGHT - 0.14, text, ha="center", va="center", fontsize=style.TITLE, weight="bold")
    if formula:
        axes.text(x, HEIGHT - 0.36, formula, ha="center", va="center", parse_math=True, fontsize=FORMULA)


def _arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float], **look) -> None:
    look = {"color": style.GREY, "linewidth": 1, "mutation_scale": 7, "shrinkA": 0, "shrinkB": 0} | look
    axes.add_patch(FancyArrowPatch(start, end, arrowstyle="-|>", **look))


def _draw_documents(axes: Axes, nodes: pd.DataFrame, x: float) -> None:
    _heading(axes, x, "documents")
    for place, (_, node) in enumerate(nodes.iterrows()):
        left = x - 0.27 + 0.3 * (place // 4)
        low = MIDDLE + 0.38 - 0.29 * (place % 4)
        axes.add_patch(Rectangle((left, low), 0.19, 0.24, facecolor="white", edgecolor=style.GREY, linewidth=0.6))
        for line in range(3):
            y = low + 0.19 - 0.045 * line
            axes.plot([left + 0.03, left + 0.16], [y, y], color="#BBBBBB", linewidth=0.6)
        _node(axes, (left + 0.095, low + 0.045), node, markersize=3.2, markeredgewidth=0.7)
    for line, text in enumerate(("hollow: label", "hidden this step")):
        axes.text(x, MIDDLE - 0.65 - 0.12 * line, text, **style.CENTRED)


def _draw_encoder(axes: Axes, x: float) -> None:
    _heading(axes, x, "encoder")
    corners = [(x - 0.28, MIDDLE - 0.55), (x - 0.28, MIDDLE + 0.55), (x + 0.28, MIDDLE + 0.3), (x + 0.28, MIDDLE - 0.3)]
    axes.add_patch(Polygon(corners, facecolor="#E8EEF4", edgecolor=style.BLACK, linewidth=0.8))
    axes.text(x, MIDDLE, "first\ntoken", ha="center", va="center")


def _places(nodes: pd.DataFrame, x: float) -> np.ndarray:
    return np.stack([x + RADIUS * nodes["x"], MIDDLE + RADIUS * (nodes["y"])], axis=1)


def _node(axes: Axes, place: Sequence[float], node: pd.Series, **look) -> None:
    color, marker = COLORS[int(node["label"])], MARKERS[int(node["label"])]
    look = {"markersize": 5.5, "markeredgewidth": 1, "zorder": 4, **look}
    axes.plot(*place, marker=marker, color=color, markerfacecolor=color if node["labeled"] else "white", **look)


def _draw_circle(axes: Axes, nodes: pd.DataFrame, x: float) -> None:
    _heading(axes, x, "unit sphere", r"$x_i / \|x_i\|$")
    axes.add_patch(Circle((x, MIDDLE), RADIUS, fill=False, edgecolor=style.GREY, linewidth=0.8))
    axes.plot(x, MIDDLE, marker="+", color=style.GREY, markersize=4, markeredgewidth=0.6)
    centre = np.array([x, MIDDLE])
    for place, (_, node) in zip(_places(nodes, x), nodes.iterrows(), strict=True):
        raw = centre + node["length"] * (place - centre)
        axes.plot(*raw, marker=".", color="#AAAAAA", markersize=3)
        _arrow(axes, raw, place, color="#AAAAAA", linewidth=0.5, mutation_scale=4, shrinkB=3)
        _node(axes, place, node)


def _draw_graph(axes: Axes, nodes: pd.DataFrame, edges: pd.DataFrame, x: float) -> None:
    _heading(axes, x, "affinity graph", r"$W_{ij} = \exp(-\|x_i - x_j\|^2 / 2\sigma^2)$")
    places = _places(nodes, x)
    for _, edge in edges.iterrows():
        ends = places[[int(edge["node"]), int(edge["other"])]]
        axes.plot(*ends.T, color=style.BLACK, linewidth=2 * edge["weight"], alpha=0.55, zorder=1)
    for place, (_, node) in zip(places, nodes.iterrows(), strict=True):
        _node(axes, place, node)
    text = f"W from {edges['weight'].min():.1g} to {edges['weight'].max():.2f}"
    axes.text(x, MIDDLE - 0.62, text, **style.CENTRED)


def _draw_propagation(axes: Axes, nodes: pd.DataFrame, x: float) -> None:
    _heading(axes, x + 0.12, "label propagation", r"$\hat Y_u = (I - T_{uu})^{-1} T_{ul} Y_l$")
    hidden = nodes[~nodes["labeled"].astype(bool)]
    for place, (_, node) in enumerate(hidden.iterrows()):
        y = MIDDLE + 0.3 - 0.6 * place
        _node(axes, np.array([x - 0.27, y]), node)
        left = x - 0.12
        for label in (0, 1):
            share, height = node[f"p_{label}"], 0.13
            low = y + 0.02 - label * (height + 0.04)
            axes.add_patch(Rectangle((left, low), 0.45, height, facecolor="#F2F2F2", linewidth=0))
            axes.add_patch(Rectangle((left, low), 0.45 * share, height, facecolor=COLORS[label], linewidth=0))
            weight = "bold" if label == node["label"] else "normal"
            look = {"va": "center", "fontsize": style.SMALL, "weight": weight}
            axes.text(left + 0.5, low + height / 2, f"{share:.2f}", **look)


def _draw_loss(axes: Axes, nodes: pd.DataFrame, x: float) -> None:
    _heading(axes, x, "loss")
    hidden = nodes[~nodes["labeled"].astype(bool)]
    for place, loss in enumerate(hidden["loss"]):
        y = MIDDLE + 0.3 - 0.6 * place
        axes.text(x, y, f"−log p = {loss:.2f}", **style.CENTRED)
    frame_of = FancyBboxPatch((x - 0.44, MIDDLE - 0.13), 0.88, 0.26, boxstyle="round,pad=0.02,rounding_size=0.05")
    frame_of.set(facecolor="#FBEDE3", edgecolor=style.VERMILION, linewidth=0.8)
    axes.add_patch(frame_of)
    axes.text(x, MIDDLE, f"G-Loss = {hidden['loss'].mean():.2f}", ha="center", va="center", weight="bold")


def _draw_gradient(axes: Axes) -> None:
    """Draw the path of the gradient to the encoder, and the formulas of both protocols."""
    low, right, left = 0.42, LOSS, 1.17
    look = {"color": style.VERMILION, "linestyle": (0, (4, 2)), "linewidth": 1}
    axes.plot([right, right], [MIDDLE - 0.5, low], **look)
    axes.plot([right, left], [low, low], **look)
    _arrow(axes, (left, low), (left, MIDDLE - 0.47), color=style.VERMILION, linewidth=1)
    text = "gradient through propagation, graph and unit sphere into the encoder; the graph is rebuilt at every step"
    axes.text((left + right) / 2, low - 0.12, text, ha="center", va="center", color=style.VERMILION)
    text = "integrated: (1 − λ) · cross-entropy + λ · G-Loss        standalone: G-Loss alone, a linear probe afterwards"
    axes.text((left + right) / 2, low - 0.29, text, **style.CENTRED)
