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


def positions(graph: nx.DiGraph) -> tuple[dict[str, tuple[float, float]], list[list[tuple[float, float]]]]:
    """Places of the rules, and of each edge the places that it passes.

    A column for each step of the longest way to a rule; in it, what is linked to what is high comes first. An edge over
    several columns has a place of its own in those between.
    """
    step = {name: place for place, column in enumerate(nx.topological_generations(graph)) for name in column}
    passed, links = [], nx.Graph()
    for first, then in sorted(graph.edges):
        between = [(first, then, place) for place in range(step[first] + 1, step[then])]
        step.update({point: point[2] for point in between})
        passed.append([first, *between, then])
        nx.add_path(links, passed[-1])
    columns = [sorted((point for point in step if step[point] == place), key=str) for place in set(step.values())]
    heights = {point: _height(row, column) for column in columns for row, point in enumerate(column)}
    for _ in range(SWEEPS):
        for column in columns:
            column.sort(key=lambda point: -sum(heights[other] for other in links[point]) / len(links[point]))
            heights.update({point: _height(row, column) for row, point in enumerate(column)})
    places = {point: (step[point], heights[point]) for point in step}
    return {name: places[name] for name in graph}, [[places[point] for point in points] for points in passed]


def _height(row: int, column: list) -> float:
    return (len(column) - 1) / 2 - row


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
    (places, edges), stage = positions(graph), stages()
    widest, highest = (max(abs(place[axis]) for points in edges for place in points) for axis in (0, 1))
    figure = plt.figure(figsize=(1.2 * (widest + 1), 0.7 * (2 * highest + 1)))
    axes = figure.add_axes((0, 0, 1, 1), xlim=(-0.5, widest + 0.5), ylim=(-highest - 0.5, highest + 0.5))
    axes.set_axis_off()
    for points in edges:
        axes.plot(*zip(*points[:-1], strict=True), color="0.6", linewidth=1.2, zorder=1)
        arrow = {"arrowstyle": "-|>", "color": "0.6", "linewidth": 1.2, "shrinkA": 0, "shrinkB": 24}
        axes.annotate("", points[-1], points[-2], arrowprops=arrow, zorder=1)
    for name, (x, y) in places.items():
        box = {"boxstyle": "round,pad=0.35", "facecolor": COLORS.get(stage.get(name), "white"), "edgecolor": "0.5"}
        axes.text(x, y, name.replace("_", "\n"), ha="center", va="center", fontsize=8, bbox=box, zorder=2)
    figure.savefig(path, dpi=130, metadata={"Software": None, "Description": edges_text(graph)})
    plt.close(figure)


if __name__ == "__main__":
    draw(graph_of(sys.stdin.read()), Path(sys.argv[1]))
