"""The method as a diagram, with numbers computed on a small batch: figure F1 of the paper."""

import math
from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch, Polygon, Rectangle

from glossbench.evidence.figures import style
from glossbench.evidence.selection import no_rows
from glossbench.graph import log_affinity, propagate_labels, unit_rows

SIGMA = 0.5
SEED = 221  # one of the few seeds whose nodes do not overlap
LABELS = (0, 0, 0, 0, 1, 1, 1, 1)
HIDDEN = (3, 7)
WIDTH, HEIGHT = style.PAGE_WIDTH, 2.75  # inches
MIDDLE = 1.5  # inches, height of the arrows between the steps
ENCODER, LOSS = 1.17, 6.37  # inches from the left
LOW = 0.42  # inches, height of the path of the gradient
HEADINGS = [
    (0.42, "documents", ""),
    (ENCODER, "encoder", ""),
    (2.18, "unit sphere", r"$x_i / \|x_i\|$"),
    (3.66, "affinity graph", r"$W_{ij} = \exp(-\|x_i - x_j\|^2 / 2\sigma^2)$"),
    (5.18, "label propagation", r"$\hat Y_u = (I - T_{uu})^{-1} T_{ul} Y_l$"),
    (LOSS, "loss", ""),
]
GRADIENT = "gradient through propagation, graph and unit sphere into the encoder; the graph is rebuilt at every step"
PROTOCOLS = "integrated: (1 − λ) · cross-entropy + λ · G-Loss      standalone: G-Loss alone, a linear probe afterwards"
CENTRE = {"ha": "center", "va": "center"}
RADIUS = 0.62  # inches, of the unit circle
FORMULA = 8.6  # points; indices are drawn at 0.7 of it

select = no_rows  # the diagram does not depend on runs


def tidy() -> pd.DataFrame:
    """The nodes and edges of the diagram, computed by ``glossbench.graph`` on a batch of eight made-up documents.

    One row per node (kind "node"): node, label, labeled, x and y (on the unit circle), length (of the embedding before
    scaling), and for nodes with a hidden label the propagated probabilities p_0 and p_1 and loss (-log of the true
    class's probability). One row per edge (kind "edge"): node < other, and weight (the affinity).
    """
    chance = torch.Generator().manual_seed(SEED)
    labels, count = torch.tensor(LABELS), len(LABELS)
    angles = torch.tensor([math.radians(150), math.radians(30)])[labels]
    angles = angles + math.radians(30) * torch.randn(count, generator=chance)
    lengths = 0.45 + 0.4 * torch.rand(count, generator=chance)
    raw = lengths[:, None] * torch.stack([angles.cos(), angles.sin()], dim=1)
    labeled = torch.ones(count, dtype=torch.bool)
    labeled[list(HIDDEN)] = False
    unit, weights = unit_rows(raw), log_affinity(raw, SIGMA).exp()
    propagated = propagate_labels(raw.double(), labels, labeled, num_classes=2, sigma=SIGMA)
    probabilities = dict(zip(HIDDEN, propagated.tolist(), strict=True))
    rows = []
    for node, label in enumerate(LABELS):
        row = {"kind": "node", "node": node, "label": label, "labeled": node not in HIDDEN}
        row |= {"x": unit[node, 0].item(), "y": unit[node, 1].item(), "length": lengths[node].item()}
        if p := probabilities.get(node):
            row |= {"p_0": p[0], "p_1": p[1], "loss": -math.log(p[label])}
        rows.append(row)
    for node, other in combinations(range(count), 2):
        rows.append({"kind": "edge", "node": node, "other": other, "weight": weights[node, other].item()})
    columns = ["kind", "node", "other", "label", "labeled", "x", "y", "length", "weight", "p_0", "p_1", "loss"]
    return pd.DataFrame(rows, columns=columns)


@style.styled()
def draw(table: pd.DataFrame) -> Figure:
    """Draw documents, encoder, unit circle, graph, propagation and loss, and the path of the gradient."""
    nodes = [node for _, node in table[table["kind"] == "node"].iterrows()]
    hidden = [(MIDDLE + y, nodes[node]) for y, node in zip((0.3, -0.3), HIDDEN, strict=True)]
    figure = Figure(figsize=(WIDTH, HEIGHT))
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, WIDTH), ylim=(0, HEIGHT))  # inches
    axes.set_axis_off()
    for x, text, formula in HEADINGS:
        axes.text(x, HEIGHT - 0.14, text, fontsize=style.TITLE, weight="bold", **CENTRE)
        axes.text(x, HEIGHT - 0.36, formula, parse_math=True, fontsize=FORMULA, **CENTRE)
    _draw_documents(axes, nodes, 0.42)
    near, far = ENCODER - 0.28, ENCODER + 0.28
    corners = [(near, MIDDLE - 0.55), (near, MIDDLE + 0.55), (far, MIDDLE + 0.3), (far, MIDDLE - 0.3)]
    axes.add_patch(Polygon(corners, facecolor="#E8EEF4", edgecolor=style.BLACK, linewidth=0.8))
    axes.text(ENCODER, MIDDLE, "first\ntoken", **CENTRE)
    _draw_sphere_and_graph(axes, nodes, table[table["kind"] == "edge"])
    for y, node in hidden:
        _draw_probabilities(axes, node, 5.06, y)
        axes.text(LOSS, y, f"−log p = {node['loss']:.2f}", **style.CENTRED)
    box = {"boxstyle": "round,pad=0.5", "facecolor": "#FBEDE3", "edgecolor": style.VERMILION, "linewidth": 0.8}
    mean = sum(node["loss"] for _, node in hidden) / len(hidden)
    axes.text(LOSS, MIDDLE, f"G-Loss = {mean:.2f}", weight="bold", bbox=box, **CENTRE)
    for start, end in ((0.7, 0.86), (1.46, 1.53), (2.88, 2.98), (4.38, 4.62), (5.73, 5.82)):
        _arrow(axes, (start, MIDDLE), (end, MIDDLE))
    look = {"color": style.VERMILION, "linestyle": (0, (4, 2)), "linewidth": 1}
    axes.plot([LOSS, LOSS, ENCODER], [MIDDLE - 0.5, LOW, LOW], **look)
    _arrow(axes, (ENCODER, LOW), (ENCODER, MIDDLE - 0.47), color=style.VERMILION)
    axes.text((ENCODER + LOSS) / 2, LOW - 0.12, GRADIENT, color=style.VERMILION, **CENTRE)
    axes.text((ENCODER + LOSS) / 2, LOW - 0.29, PROTOCOLS, **style.CENTRED)
    return figure


def _arrow(axes: Axes, start: Sequence[float], end: Sequence[float], **look) -> None:
    look = {"color": style.GREY, "linewidth": 1, "mutation_scale": 7, "shrinkA": 0, "shrinkB": 0} | look
    axes.add_patch(FancyArrowPatch(start, end, arrowstyle="-|>", **look))


def _node(axes: Axes, place: Sequence[float], node: pd.Series, **look) -> None:
    look = {"markersize": 5.5, "markeredgewidth": 1, "zorder": 4, **style.class_look(int(node["label"])), **look}
    axes.plot(*place, **look, markerfacecolor=look["color"] if node["labeled"] else "white")


def _draw_documents(axes: Axes, nodes: list[pd.Series], x: float) -> None:
    for place, node in enumerate(nodes):
        left, low = x - 0.27 + 0.3 * (place // 4), MIDDLE + 0.38 - 0.29 * (place % 4)
        axes.add_patch(Rectangle((left, low), 0.19, 0.24, facecolor="white", edgecolor=style.GREY, linewidth=0.6))
        for y in (0.19, 0.145, 0.1):
            axes.plot([left + 0.03, left + 0.16], [low + y, low + y], color="#BBBBBB", linewidth=0.6)
        _node(axes, (left + 0.095, low + 0.045), node, markersize=3.2, markeredgewidth=0.7)
    axes.text(x, MIDDLE - 0.71, "hollow: label\nhidden this step", linespacing=1.4, **style.CENTRED)


def _draw_sphere_and_graph(axes: Axes, nodes: list[pd.Series], edges: pd.DataFrame) -> None:
    sphere, graph = np.array([2.18, MIDDLE]), np.array([3.66, MIDDLE])
    axes.add_patch(Circle(sphere, RADIUS, fill=False, edgecolor=style.GREY, linewidth=0.8))
    axes.plot(*sphere, marker="+", color=style.GREY, markersize=4, markeredgewidth=0.6)
    rays = [RADIUS * node[["x", "y"]].to_numpy(float) for node in nodes]
    for node, ray in zip(nodes, rays, strict=True):
        raw = sphere + node["length"] * ray
        axes.plot(*raw, marker=".", color="#AAAAAA", markersize=3)
        _arrow(axes, raw, sphere + ray, color="#AAAAAA", linewidth=0.5, mutation_scale=4, shrinkB=3)
        for centre in (sphere, graph):
            _node(axes, centre + ray, node)
    for edge in edges.itertuples():
        ends = graph + np.stack([rays[int(edge.node)], rays[int(edge.other)]])
        axes.plot(*ends.T, color=style.BLACK, linewidth=2 * edge.weight, alpha=0.55, zorder=1)
    text = f"W from {edges['weight'].min():.1g} to {edges['weight'].max():.2f}"
    axes.text(graph[0], MIDDLE - RADIUS, text, **style.CENTRED)


def _draw_probabilities(axes: Axes, node: pd.Series, x: float, y: float) -> None:
    _node(axes, (x - 0.27, y), node)
    left, height = x - 0.12, 0.13
    for label in (0, 1):
        share, low = node[f"p_{label}"], y + 0.02 - label * (height + 0.04)
        axes.add_patch(Rectangle((left, low), 0.45, height, facecolor="#F2F2F2", linewidth=0))
        axes.add_patch(Rectangle((left, low), 0.45 * share, height, facecolor=style.CLASS_COLORS[label], linewidth=0))
        weight = "bold" if label == node["label"] else "normal"
        axes.text(left + 0.5, low + height / 2, f"{share:.2f}", va="center", fontsize=style.SMALL, weight=weight)
