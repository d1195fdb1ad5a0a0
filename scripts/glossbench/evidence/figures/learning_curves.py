"""Learning curves: the validation score by epoch, with one line per objective and a band over seeds."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from glossbench.evidence.figures import panels, style
from glossbench.evidence.selection import unvaried
from glossbench.evidence.text.names import arrange, in_order, protocol_name

SCORES = {"integrated": "val_macro_f1", "standalone": "val_macro_silhouette"}
SCORE_NAMES = {"integrated": "macro-F1", "standalone": "macro-silhouette"}
LINE = ["protocol", "corpus", "encoder", "objective"]
PANEL_HEIGHT = 1.4  # inches
MARGIN = 0.6  # inches per block for title, axis label and legend
MARKERS_PER_LINE = 5
STOP_MARK = {"marker": "|", "linestyle": "none", "markersize": 5, "markeredgewidth": 0.9}

select = unvaried


def frame(epochs: pd.DataFrame) -> pd.DataFrame:
    """The data of the figure.

    The score is validation macro-F1 (integrated) or validation macro-silhouette (standalone), as fractions.

    Args:
        epochs: The collected epochs.

    Returns:
        One row per point: protocol, corpus, encoder, objective, epoch; mean, low and high (mean, smallest and largest
        score) over the n_seeds seeds that ran this epoch; and n_stopped, the number of seeds that end with this epoch
        while others continue.
    """
    points = with_validation_score(select(epochs)).dropna(subset="score").groupby([*LINE, "epoch"])["score"]
    table = points.agg(mean="mean", low="min", high="max", n_seeds="size").reset_index()
    following = table.groupby(LINE)["n_seeds"].shift(-1)
    table["n_stopped"] = (table["n_seeds"] - following).clip(lower=0).fillna(0).astype(int)
    return arrange(table, [*LINE, "epoch"])


def with_validation_score(epochs: pd.DataFrame) -> pd.DataFrame:
    """The epochs with a column ``score``, the validation score that their protocol chooses epochs by."""
    score = pd.Series(np.nan, index=epochs.index, dtype=float)
    for protocol, column in SCORES.items():
        score = score.where(epochs["protocol"] != protocol, epochs[column])
    return epochs.assign(score=score)


@panels.drawing()
def draw(table: pd.DataFrame) -> Figure:
    """Draw a block per protocol, each with its own legend.

    With several corpora, corpora are columns and encoders rows. The blocks are stacked, and a protocol has more than
    one if its corpora do not fit on a page. With one corpus, encoders are rows and the protocols are side by side.
    """
    blocks = panels.by_protocol(table)
    heights = [block["encoder"].nunique() * PANEL_HEIGHT + MARGIN for _, _, block in blocks]
    if table["corpus"].nunique() > 1:
        figure = Figure(figsize=(style.PAGE_WIDTH, sum(heights)), layout="constrained")
        parts = figure.subfigures(len(blocks), 1, squeeze=False, height_ratios=heights)
        legends = [_legend(block, style.PAGE_WIDTH) for _, _, block in blocks]
    else:
        width = style.COLUMN_WIDTH if len(blocks) == 1 else style.PAGE_WIDTH
        figure = Figure(figsize=(width, max(heights) + MARGIN), layout="constrained")
        parts = figure.subfigures(1, len(blocks), squeeze=False)
        legends = _of_one_height([_legend(block, width / len(blocks)) for _, _, block in blocks])
    figure.get_layout_engine().set(wspace=0.01, hspace=0.02)
    for part, (protocol, corpora, block), legend in zip(parts.flat, blocks, legends, strict=True):
        part.suptitle(protocol_name(protocol))
        height, score = PANEL_HEIGHT - 0.2, SCORE_NAMES[protocol]
        for axes, panel, _ in panels.cells(part, block, corpora, "epoch", height, ylabel=score, sharex="col"):
            _draw_panel(axes, panel)
        part.legend(**legend, loc="outside lower center")
    return figure


def _legend(block: pd.DataFrame, width: float) -> dict:
    handles = style.objective_entries(block["objective"])
    if block["n_stopped"].any():
        handles.append(Line2D([], [], label="a seed stops", color=style.BLACK, **STOP_MARK))
    return style.legend(handles, width)


def _of_one_height(legends: list[dict]) -> list[dict]:
    """The legends with the same number of rows, so that panels side by side have the same height."""
    rows = max(map(style.legend_rows, legends))
    columns = [-(-len(legend["handles"]) // rows) for legend in legends]
    blank = Line2D([], [], linestyle="none", label=" ")
    return [
        {"handles": legend["handles"] + [blank] * (rows * ncols - len(legend["handles"])), "ncols": ncols}
        for legend, ncols in zip(legends, columns, strict=True)
    ]


def _draw_panel(axes: Axes, panel: pd.DataFrame) -> None:
    for number, objective in enumerate(in_order(panel["objective"], "objective")):
        line = panel[panel["objective"] == objective]
        look = style.look(objective)
        spacing = -(-len(line) // MARKERS_PER_LINE)
        thin = {"linewidth": 0.8, "markersize": 2.5} if spacing > 1 else {}
        marks = (number % spacing, spacing)
        axes.plot(line["epoch"], line["mean"], label=objective, markevery=marks, **look.line(), **thin)
        if line["n_seeds"].max() > 1:
            band = axes.fill_between(line["epoch"], line["low"], line["high"], color=look.color)
            band.set(alpha=0.15, linewidth=0)
        stops = line[line["n_stopped"] > 0]
        axes.plot(stops["epoch"], stops["mean"], color=look.color, zorder=3, **STOP_MARK)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5))
    if panel.empty:
        panels.say(axes)
    else:
        _focus(axes, panel)


def _focus(axes: Axes, panel: pd.DataFrame) -> None:
    """Let the y axis begin at the lowest score after the first tenth of the epochs.

    Otherwise, the steep start of a long training would leave little room for the differences between objectives.
    """
    later = panel[panel["epoch"] > panel["epoch"].max() / 10]
    low, high = later["low"].min(), panel["high"].max()
    room = 0.06 * (high - low) or 0.01
    axes.set_ylim(low - room, high + room)
