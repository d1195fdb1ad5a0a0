"""Learning curves: the validation score by epoch, with one line per objective and a band over seeds."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from glossbench.evidence.figures import panels, style
from glossbench.evidence.selection import unvaried
from glossbench.evidence.text.names import arrange, protocol_name
from glossbench.frames import LINE

SCORE_NAMES = {"integrated": "macro-F1", "standalone": "macro-silhouette"}
PANEL_HEIGHT = 1.2  # inches
STOP_MARK = {"marker": "|", "linestyle": "none", "markersize": 5, "markeredgewidth": 0.9}


def tidy(epochs: pd.DataFrame) -> pd.DataFrame:
    """The data of the figure.

    The score is validation macro-F1 (integrated) or validation macro-silhouette (standalone), as fractions.

    One row per point: protocol, corpus, encoder, objective, epoch; mean, low and high (mean, smallest and largest
    score) over the n_seeds seeds that ran this epoch; and n_stopped, the number of seeds that end with this epoch
    while others continue.
    """
    points = with_validation_score(unvaried(epochs)).dropna(subset="score").groupby([*LINE, "epoch"])["score"]
    table = points.agg(mean="mean", low="min", high="max", n_seeds="size").reset_index()
    following = table.groupby(LINE)["n_seeds"].shift(-1)
    table["n_stopped"] = (table["n_seeds"] - following).clip(lower=0).fillna(0).astype(int)
    return arrange(table, [*LINE, "epoch"])


def with_validation_score(epochs: pd.DataFrame) -> pd.DataFrame:
    """The epochs with a column ``score``, the validation score that their protocol chooses epochs by."""
    integrated = epochs["protocol"] == "integrated"
    return epochs.assign(score=epochs["val_macro_f1"].where(integrated, epochs["val_macro_silhouette"]))


@panels.drawing
def draw(table: pd.DataFrame) -> Figure:
    """Draw a block per protocol, with corpora as columns and encoders as rows."""
    handles = style.objective_entries(table["objective"])
    if table["n_stopped"].any():
        handles.append(Line2D([], [], label="a seed stops", color=style.BLACK, **STOP_MARK))
    blocks = [
        panels.Block(protocol_name(protocol), rows, _draw_panel, PANEL_HEIGHT, "epoch", SCORE_NAMES[protocol])
        for protocol, rows in panels.by(table, "protocol")
    ]
    return panels.page(blocks, handles)


def _draw_panel(axes: Axes, panel: pd.DataFrame) -> None:
    panels.lines(axes, panel, "epoch")
    for objective, stops in panels.by(panel[panel["n_stopped"] > 0], "objective"):
        axes.plot(stops["epoch"], stops["mean"], color=style.look(objective)["color"], zorder=3, **STOP_MARK)
    # the steep start of a long training would leave little room for the differences between objectives
    later = panel[panel["epoch"] > panel["epoch"].max() / 10]
    panels.leave_room(axes, later["low"].min(), panel["high"].max())
