"""Learning curves: the validation score by epoch, one line an objective, a band over seeds."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from glossbench.evidence.figures import panels, style
from glossbench.evidence.selection import unvaried
from glossbench.evidence.text.names import arrange, encoder_name, in_order, protocol_name

SCORES = {"integrated": "val_macro_f1", "standalone": "val_macro_silhouette"}
SCORE_NAMES = {"integrated": "macro-F1", "standalone": "macro-silhouette"}
LINE = ["protocol", "corpus", "encoder", "objective"]
PANEL_HEIGHT = 1.4  # inches
MARGIN = 0.6  # inches: title, axis label and legend of a block
LEGEND_GAP = 0.5  # inches, handle and spaces beside a label
MARKERS_A_LINE = 5
STOP_MARK = {"marker": "|", "linestyle": "none", "markersize": 5, "markeredgewidth": 0.9}


def select(runs: pd.DataFrame) -> pd.DataFrame:
    """The rows of objectives without changed settings."""
    return unvaried(runs)


def frame(epochs: pd.DataFrame) -> pd.DataFrame:
    """What is drawn, one row a point of a line.

    ``epochs`` is the collected epochs.parquet; the score is validation macro-F1 in the integrated protocol
    and validation macro-silhouette in the standalone one, as fractions. Returns protocol, corpus, encoder,
    objective, epoch; mean, low and high (mean, least and greatest score) over the n_seeds seeds that ran this
    epoch; and n_stopped, the number of seeds that end with this epoch while others go on: beyond it the mean
    is over fewer.
    """
    scored = select(epochs).assign(score=np.nan)
    for protocol, column in SCORES.items():
        scored["score"] = scored["score"].where(scored["protocol"] != protocol, scored[column])
    points = scored.dropna(subset="score").groupby([*LINE, "epoch"])["score"]
    table = points.agg(mean="mean", low="min", high="max", n_seeds="size").reset_index()
    following = table.groupby(LINE)["n_seeds"].shift(-1)
    table["n_stopped"] = (table["n_seeds"] - following).clip(lower=0).fillna(0).astype(int)
    return arrange(table, [*LINE, "epoch"])


@style.styled()
def draw(table: pd.DataFrame) -> Figure:
    """The learning curves of ``frame``.

    A block a protocol, each with its own legend below. Several corpora make the columns and encoders the
    rows, blocks stacked, and more of them where the page is too narrow; with one corpus the encoders make the
    rows and the protocols stand side by side.
    """
    if table.empty:
        return panels.nothing()
    found = [(key, table[table["protocol"] == key]) for key in in_order(table["protocol"], "protocol")]
    parts_of = [
        (protocol, block[block["corpus"].isin(corpora)])
        for protocol, block in found
        for corpora in panels.in_rows(in_order(block["corpus"], "corpus"))
    ]
    protocols, blocks = [protocol for protocol, _ in parts_of], [block for _, block in parts_of]
    heights = [block["encoder"].nunique() * PANEL_HEIGHT + MARGIN for block in blocks]
    if table["corpus"].nunique() > 1:
        figure = Figure(figsize=(style.PAGE_WIDTH, sum(heights)), layout="constrained")
        parts = figure.subfigures(len(blocks), 1, squeeze=False, height_ratios=heights)
        legends = [_legend(block, style.PAGE_WIDTH) for block in blocks]
    else:
        width = style.COLUMN_WIDTH if len(blocks) == 1 else style.PAGE_WIDTH
        figure = Figure(figsize=(width, max(heights) + MARGIN), layout="constrained")
        parts = figure.subfigures(1, len(blocks), squeeze=False)
        legends = _of_one_height([_legend(block, width / len(blocks)) for block in blocks])
    figure.get_layout_engine().set(wspace=0.01, hspace=0.02)
    for part, protocol, block, legend in zip(parts.flat, protocols, blocks, legends, strict=True):
        _draw_block(part, protocol, block)
        part.legend(**legend, loc="outside lower center")
    return figure


def _draw_block(part: SubFigure, protocol: str, block: pd.DataFrame) -> None:
    corpora, encoders = in_order(block["corpus"], "corpus"), in_order(block["encoder"], "encoder")
    axes = part.subplots(len(encoders), len(corpora), squeeze=False, sharex="col")
    for row, encoder in enumerate(encoders):
        for column, corpus in enumerate(corpora):
            panel = block[(block["encoder"] == encoder) & (block["corpus"] == corpus)]
            _draw_panel(axes[row, column], panel)
        axes[row, 0].set_ylabel(f"{style.fitted(encoder_name(encoder), PANEL_HEIGHT - 0.2)}\n{SCORE_NAMES[protocol]}")
    panels.name_corpora(part, axes[0], corpora)
    for lowest in axes[-1]:
        lowest.set_xlabel("epoch")
    part.suptitle(protocol_name(protocol))


def _legend(block: pd.DataFrame, width: float) -> dict:
    """Handles and number of columns of a block's legend, no wider than ``width`` inches."""
    handles = [style.legend_entry(objective) for objective in in_order(block["objective"], "objective")]
    if block["n_stopped"].any():
        handles.append(Line2D([], [], label="a seed stops", color=style.BLACK, **STOP_MARK))
    labels = [handle.get_label() for handle in handles]
    return {"handles": handles, "ncols": style.legend_columns(labels, width, style.TEXT, LEGEND_GAP)}


def _of_one_height(legends: list[dict]) -> list[dict]:
    """The legends with as many rows as the highest, so that panels side by side keep one height."""
    rows = max(-(-len(legend["handles"]) // legend["ncols"]) for legend in legends)
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
        spacing = -(-len(line) // MARKERS_A_LINE)
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
    """Let the panel begin at the lowest score after the first tenth of the epochs.

    Otherwise the steep start of a long training leaves no room for what tells the objectives apart.
    """
    later = panel[panel["epoch"] > panel["epoch"].max() / 10]
    low, high = later["low"].min(), panel["high"].max()
    room = 0.06 * (high - low) or 0.01
    axes.set_ylim(low - room, high + room)
