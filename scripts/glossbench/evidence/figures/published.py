"""Published against reproduced scores, one point per objective and encoder."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from glossbench.evidence.figures import panels, style
from glossbench.evidence.selection import bare
from glossbench.evidence.text.names import arrange, encoder_name, in_order, metric_name, protocol_name

KEYS = ["protocol", "metric", "corpus", "encoder", "objective"]
PERCENT = {"accuracy": 100, "macro_f1": 100, "macro_silhouette": 1}  # factors to the units of the paper
UNITS = {"accuracy": ", %", "macro_f1": ", %", "macro_silhouette": ""}
FILLS = ["full", "none", "left", "right", "top", "bottom"]  # fill styles of the markers, by encoder
LARGEST = 1.6  # inches, side of a panel
BESIDE, MARGIN = 0.35, 0.78  # inches per panel for ticks; per block for titles, ticks and axis label
LEGEND_GAP = 0.42  # inches per legend entry for marker and space

select = bare  # the paper has no other objectives


def frame(runs: pd.DataFrame, results: pd.DataFrame) -> pd.DataFrame:
    """The data of the figure.

    Args:
        runs: The collected runs.
        results: From ``published_results``.

    Returns:
        One row per corpus, encoder, protocol, objective and metric that both have: published, published_std,
        reproduced, reproduced_std (NaN for one seed) and n_seeds. accuracy and macro_f1 are in percent,
        macro_silhouette in [-1, 1].
    """
    keys = ["protocol", "corpus", "encoder", "objective"]
    metrics = [metric for metric in PERCENT if f"test_{metric}" in runs]
    own = select(runs).rename(columns={f"test_{metric}": metric for metric in metrics})
    own = own.melt([*keys, "seed"], metrics, var_name="metric", value_name="score").dropna(subset=["score"])
    own["score"] *= own["metric"].map(PERCENT).astype(float)
    scores = own.groupby(KEYS)["score"]
    ours = scores.agg(reproduced="mean", reproduced_std="std", n_seeds="size").reset_index()
    theirs = results.rename(columns={"mean": "published", "std": "published_std"})
    theirs = theirs[[*KEYS, "published", "published_std"]].dropna(subset=["published"])
    both = theirs.merge(ours, on=KEYS, validate="one_to_one")
    return arrange(both, KEYS)


@panels.drawing("no run has a published counterpart")
def draw(table: pd.DataFrame) -> Figure:
    """Draw a block per protocol and metric, with a panel per corpus."""
    blocks = [
        ((protocol, metric), corpora, block)
        for protocol in in_order(table["protocol"], "protocol")
        for metric in PERCENT
        for corpora, block in panels.by_corpora(table[(table["protocol"] == protocol) & (table["metric"] == metric)])
    ]
    columns = max(len(corpora) for _, corpora, _ in blocks)
    width = style.COLUMN_WIDTH if columns <= 2 else style.PAGE_WIDTH
    encoders = in_order(table["encoder"], "encoder")
    legend = style.legend(_handles(table, encoders), width, LEGEND_GAP)
    height = min(LARGEST, width / columns - BESIDE) + MARGIN
    figure, parts = panels.stacked([*[height] * len(blocks), 0.1 + 0.15 * style.legend_rows(legend)], width)
    for part, (key, corpora, block) in zip(parts, blocks, strict=False):
        _draw_block(part, *key, corpora, block, encoders, columns)
    parts[-1].legend(**legend, loc="center", columnspacing=1.2)
    return figure


def _handles(table: pd.DataFrame, encoders: list[str]) -> list[Line2D]:
    """Legend entries of the objectives (colour and marker) and of the encoders (fill style)."""
    handles = [_marker(objective, FILLS[0]) for objective in in_order(table["objective"], "objective")]
    if len(encoders) > 1:
        marks = {"linestyle": "none", "marker": "o", "color": style.GREY, "markerfacecoloralt": "white"}
        handles += [
            Line2D([], [], label=encoder_name(encoder), fillstyle=FILLS[place % len(FILLS)], **marks)
            for place, encoder in enumerate(encoders)
        ]
    return handles


def _marker(objective: str, fill: str) -> Line2D:
    look = style.look(objective)
    handle = style.legend_entry(objective)
    handle.set(linestyle="none", fillstyle=fill, markerfacecolor=look.color, markerfacecoloralt="white")
    return handle


def _draw_block(
    part: SubFigure,
    protocol: str,
    metric: str,
    corpora: list[str],
    block: pd.DataFrame,
    encoders: list[str],
    columns: int,
) -> None:
    part.suptitle(f"{protocol_name(protocol)}: {metric_name(metric)}{UNITS[metric]}")
    grid = part.subplots(1, columns, squeeze=False)[0]
    panels.name_corpora(part, grid, corpora)
    for axes in grid[len(corpora) :]:
        axes.set_axis_off()
    for axes, corpus in zip(grid, corpora, strict=False):
        _draw_panel(axes, block[block["corpus"] == corpus], encoders)
        axes.set_xlabel("published")
    grid[0].set_ylabel("reproduced")


def _draw_panel(axes: Axes, panel: pd.DataFrame, encoders: list[str]) -> None:
    for _, point in panel.iterrows():
        look = style.look(point["objective"])
        errors = {"xerr": point["published_std"], "yerr": point["reproduced_std"]}
        errors = {side: size for side, size in errors.items() if np.isfinite(size)}
        fill = FILLS[encoders.index(point["encoder"]) % len(FILLS)]
        axes.errorbar(
            point["published"],
            point["reproduced"],
            **errors,
            color=look.color,
            marker=look.marker,
            fillstyle=fill,
            markerfacecoloralt="white",
            markeredgewidth=0.6,
            elinewidth=0.5,
        )
    sides = panel[["published", "reproduced"]].to_numpy()
    spread = panel[["published_std", "reproduced_std"]].fillna(0).to_numpy()
    low, high = (sides - spread).min(), (sides + spread).max()
    room = 0.08 * (high - low) or 0.01 * abs(high) or 0.01
    limits = (low - room, high + room)
    axes.plot(limits, limits, color=style.BLACK, linewidth=0.6, zorder=0)
    axes.set(xlim=limits, ylim=limits, aspect="equal")
    axes.xaxis.set_major_locator(MaxNLocator(nbins=3))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=3))
