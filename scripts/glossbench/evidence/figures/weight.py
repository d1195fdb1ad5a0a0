"""The weight λ of the loss against the corpora: figure F2 of the paper."""

import pandas as pd
from matplotlib.figure import Figure

from glossbench.evidence.figures import heatmap

SETTING, RELATIVE = "weight", False


def select(runs: pd.DataFrame) -> pd.DataFrame:
    """The rows of a study that this figure stands on."""
    return heatmap.select(runs, SETTING, RELATIVE)


def frame(runs: pd.DataFrame) -> pd.DataFrame:
    """What is drawn, one row a cell, as ``heatmap.frame`` describes it."""
    return heatmap.frame(runs, SETTING, RELATIVE)


def draw(table: pd.DataFrame) -> Figure:
    """The heatmaps of ``frame``."""
    return heatmap.draw(table, "weight of the loss, λ")
