"""The figure of the benchmark: steps against the baseline, their share of the floor, and the graph by its size."""

import re
from pathlib import Path

import matplotlib as mpl
import pandas as pd

mpl.use("Agg")
import matplotlib.pyplot as plt

STEP, FLOOR, GRAPH = "one step", "its matrix products at the layers' own shapes", "forward and backward"


def draw(frame: pd.DataFrame, file: Path) -> None:
    """Draw what the measurements have of the three."""
    figure, axes = plt.subplots(1, 3, figsize=(15, 3.8), layout="constrained")
    bars(axes[0], chosen(frame, "step", STEP), "step: times faster than the baseline", 1)
    bars(axes[1], chosen(frame, "step", FLOOR), "step: share of its matrix products", 1)
    lines(axes[2], chosen(frame, "graph", GRAPH))
    figure.savefig(file, dpi=120)
    plt.close(figure)


def chosen(frame: pd.DataFrame, subject: str, what: str) -> pd.DataFrame:
    """Measurements of one quantity."""
    return frame[(frame["subject"] == subject) & (frame["what"] == what)]


def bars(axes: plt.Axes, rows: pd.DataFrame, title: str, limit: float) -> None:
    """Ratios, and a line at their limit."""
    rows = rows.dropna(subset=["ratio"])[::-1]
    drawn = axes.barh(rows["case"].str.replace(r", B = \d+", "", regex=True), rows["ratio"].astype(float))
    axes.bar_label(drawn, fmt="%.3g", padding=2)
    axes.axvline(limit, color="black", linewidth=0.8)
    axes.margins(x=0.15)
    axes.set_title(title, fontsize=10)


def lines(axes: plt.Axes, rows: pd.DataFrame) -> None:
    """Seconds of the graph by its size, ours and the baseline's."""
    sizes = rows["case"].map(lambda case: int(re.search(r"B = (\d+)", case)[1]))
    axes.loglog(sizes, rows["value"], marker="o", label="glossbench")
    axes.loglog(sizes, rows["baseline"].astype(float), marker="s", label="dense, with an inverse")
    axes.set_xlabel("documents in the graph")
    axes.set_title("graph: seconds, both directions", fontsize=10)
    if len(rows):
        axes.legend()
