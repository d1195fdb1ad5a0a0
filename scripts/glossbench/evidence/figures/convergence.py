"""Epochs until a given validation score is reached, per seed."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from glossbench.evidence.figures import panels, style
from glossbench.evidence.figures.learning_curves import with_validation_score
from glossbench.evidence.selection import unvaried
from glossbench.evidence.text.names import arrange
from glossbench.frames import LINE, PANEL

SHARES = (0.95, 0.99)  # of the best score of any objective on the same corpus and encoder
ROW = 0.23  # inches per objective in a panel
MARKS = {"linestyle": "none", "markersize": 3, "markeredgewidth": 0.6}
NEVER = 1.2  # position of runs that never reach the score, as a multiple of the last epoch


def tidy(epochs: pd.DataFrame) -> pd.DataFrame:
    """The data of the figure.

    The score to reach is a share of the best validation score (macro-F1 integrated, macro-silhouette standalone) of
    any objective and seed with the same corpus, encoder and protocol: best - (1 - share) |best|, which is below the
    best score even if that is negative.

    One row per point: protocol, corpus, encoder, objective, seed, share, score (to reach), reached (the first epoch
    with at least that score, NaN if there is none) and n_epochs (trained).
    """
    scored = with_validation_score(unvaried(epochs))[[*LINE, "seed", "epoch", "score"]]
    best = scored.groupby(PANEL)["score"].transform("max")
    points = pd.concat([scored.assign(share=share, wanted=best - (1 - share) * best.abs()) for share in SHARES])
    points["reached"] = points["epoch"].where(points["score"] >= points["wanted"])
    runs = points.dropna(subset="wanted").groupby([*LINE, "seed", "share"])
    table = runs.agg(score=("wanted", "first"), reached=("reached", "min"), n_epochs=("epoch", "max")).reset_index()
    if table["reached"].notna().all():
        table["reached"] = table["reached"].astype(int)
    return arrange(table[[*LINE, "seed", "share", "score", "reached", "n_epochs"]], [*LINE, "share", "seed"])


@panels.drawing
def draw(table: pd.DataFrame) -> Figure:
    """Draw a block per protocol, with corpora as columns, encoders as rows and objectives as lines."""
    first, second = SHARES
    grey = {"marker": "o", "color": style.GREY, **MARKS}
    handles = [
        Line2D([], [], markerfacecolor="white", label=f"{first:.0%} of the best score", **grey),
        Line2D([], [], label=f"{second:.0%}", **grey),
        Line2D([], [], color="#DDDDDD", linewidth=5, label="never reached"),
    ]
    return panels.page(panels.protocols(table, _draw_panel, ROW, "epoch", lines=True), handles)


def _draw_panel(axes: Axes, panel: pd.DataFrame) -> None:
    """Draw the seeds of each objective, and a line from the first to the last that reached the score."""
    last = panel["reached"].max() if panel["reached"].notna().any() else panel["n_epochs"].max()
    never = max(NEVER * last, last + 1)
    for (share, line, objective), points in panel.groupby(["share", "line", "objective"]):
        look, height = style.look(objective), line + (0.24 if share == SHARES[-1] else -0.24)
        reached = points["reached"].dropna()
        missed = len(points) - len(reached)
        if len(reached) > 1:
            axes.plot([reached.min(), reached.max()], [height, height], color=look["color"], linewidth=0.6)
        places = [*reached, *[never] * missed]
        face = {} if share == SHARES[-1] else {"markerfacecolor": "white"}
        axes.plot(places, [height] * len(places), **{**look, "markerfacecolor": look["color"], **face, **MARKS})
        if missed > 1:
            where = {"textcoords": "offset points", "va": "center", "fontsize": style.SMALL, "color": look["color"]}
            axes.annotate(f"{missed}", (never, height), (2.5, -0.3), **where)
    axes.locator_params("x", integer=True)
    axes.axvspan((last + never) / 2, never + (never - last) / 2, color="#EEEEEE", linewidth=0, zorder=0)
    axes.set_xlim(0, last)
    axes.set_xticks([tick for tick in axes.get_xticks() if 0 <= tick <= last])
    axes.set_xlim(0, never + (never - last) / 2)
