"""Draws which rule follows which, from what ``snakemake --rulegraph dot`` prints.

Usage: snakemake --rulegraph dot ... | python -m glossbench.tools.rule_graph docs/images/rules.png
"""

import re
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import networkx as nx

RULES = Path(__file__).parents[3] / "rules"
COLORS = {"data": "#dbe9f6", "learning": "#fde6ce", "evidence": "#e2f0d9"}
SWEEPS = 8


def graph_of(text: str) -> nx.DiGraph:
    """The rules in a graph that Snakemake printed, without edges that follow from others."""
    names = dict(re.findall(r'^\s*(\d+)\[label = "(\w+)"', text, re.MULTILINE))
    edges = re.findall(r"^\s*(\d+) -> (\d+)", text, re.MULTILINE)
    graph = nx.DiGraph((names[first], names[then]) for first, then in edges)
    return nx.transitive_reduction(graph)


def edges_text(graph: nx.DiGraph) -> str:
    """The edges in one line; the picture carries it, so that a test can tell whether it is up to date."""
    return "; ".join(f"{first} -> {then}" for first, then in sorted(graph.edges))


def positions(graph: nx.DiGraph) -> dict[str, tuple[float, float]]:
    """A column for each step of the longest way to a rule; in it, rules near those that they are linked to."""
    columns = [sorted(column) for column in nx.topological_generations(graph)]
    heights = {name: _height(row, column) for column in columns for row, name in enumerate(column)}
    for _ in range(SWEEPS):
        for column in columns:
            column.sort(key=lambda name: _mean(heights[other] for other in nx.all_neighbors(graph, name)))
            heights.update({name: _height(row, column) for row, name in enumerate(column)})
    return {name: (place, heights[name]) for place, column in enumerate(columns) for name in column}


def _height(row: int, column: list[str]) -> float:
    return (len(column) - 1) / 2 - row


def _mean(values) -> float:
    values = list(values)
    return -sum(values) / len(values)


def stages() -> dict[str, str]:
    """The stage of each rule, by the file that it is in."""
    return {
        name: stage
        for stage in COLORS
        for name in re.findall(
            r"^ *(?:use )?rule (?:\w+ as )?(\w+)", (RULES / f"{stage}.smk").read_text(), re.MULTILINE
        )
    }


def draw(graph: nx.DiGraph, path: Path) -> None:
    """Write the picture of a graph of rules; equal graphs give equal bytes."""
    places, stage = positions(graph), stages()
    figure, axes = plt.subplots(figsize=(1.25 * (max(x for x, _ in places.values()) + 1), 3.4), layout="constrained")
    for first, then in graph.edges:
        axes.annotate("", places[then], places[first], arrowprops={"arrowstyle": "-|>", "color": "0.6", "shrinkB": 22})
    for name, (x, y) in places.items():
        box = {"boxstyle": "round,pad=0.35", "facecolor": COLORS.get(stage.get(name), "white"), "edgecolor": "0.5"}
        axes.text(x, y, name.replace("_", "\n"), ha="center", va="center", fontsize=8, bbox=box)
    axes.margins(0.06, 0.12)
    axes.scatter(*zip(*places.values(), strict=True), alpha=0)  # text alone sets no limits
    axes.set_axis_off()
    figure.savefig(path, dpi=150, metadata={"Software": None, "Description": edges_text(graph)})
    plt.close(figure)


if __name__ == "__main__":
    draw(graph_of(sys.stdin.read()), Path(sys.argv[1]))
