"""Average ranks over corpora with their critical difference: the diagram of Demsar (2006), section 3.2.4."""

import math

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from glossbench.evidence.figures import panels, style
from glossbench.evidence.selection import unvaried
from glossbench.evidence.statistics.ranks import Friedman, friedman
from glossbench.evidence.text.names import encoder_name, in_order, metric_name, objective_name, protocol_name
from glossbench.evidence.text.numbers import number

# Not scikit-posthocs' own diagram: test_the_diagram_of_scikit_posthocs_cannot_be_read_at_the_size_of_ours.
METRICS = ["accuracy", "macro_f1"]
KEYS = ["protocol", "encoder", "metric"]
LONGEST = 1.7  # inches, the longest name of an objective
SHORTEST = 0.7  # inches, the shortest axis of ranks; if two do not fit on a page, there is one diagram per row
RANK = 0.45  # inches for the margin and the rank next to a name
TOP = 0.5  # inches from the top of a panel to the axis of ranks, for title and critical difference
LINE, STEP = 0.15, 0.07  # inches between names, between bars
FOOT = 0.2  # inches for the result of the test

select = unvaried


def frame(runs: pd.DataFrame) -> pd.DataFrame:
    """The data of the figure.

    Args:
        runs: The collected runs.

    Returns:
        One row per objective of a panel: protocol, encoder, metric, objective, rank (average over corpora, 1 is
        best), n_corpora, critical_difference (Nemenyi, NaN without a test), p (Friedman), cliques (numbers of its
        groups within one critical difference, separated by spaces) and reason (why there is no test, or empty). A
        panel without ranks has one row without objective.
    """
    runs = select(runs)
    rows = []
    for protocol in in_order(runs["protocol"], "protocol"):
        for encoder in in_order(runs.loc[runs["protocol"] == protocol, "encoder"], "encoder"):
            for metric in METRICS:
                rows += _rows(friedman(runs, metric, protocol, encoder))
    columns = [*KEYS, "objective", "rank", "n_corpora", "critical_difference", "p", "cliques", "reason"]
    return pd.DataFrame(rows, columns=columns)


def _rows(test: Friedman) -> list[dict]:
    keys = dict(zip(KEYS, (test.protocol, test.encoder, test.metric), strict=True))
    about = {
        "n_corpora": len(test.corpora),
        "critical_difference": test.critical_difference,
        "p": test.p,
        "reason": test.reason,
    }
    memberships = {
        key: " ".join(str(place) for place, clique in enumerate(test.cliques) if key in clique) for key in test.ranks
    }
    ranks = test.ranks or {"": math.nan}
    return [
        {**keys, "objective": key, "rank": rank, "cliques": memberships.get(key, ""), **about}
        for key, rank in ranks.items()
    ]


@panels.drawing()
def draw(table: pd.DataFrame) -> Figure:
    """Draw one diagram per protocol, encoder and metric, with the best rank on the left.

    Two diagrams share a row if the names of the objectives leave room for that.
    """
    names = {key: style.fitted(objective_name(key), LONGEST, style.SMALL) for key in table["objective"].unique()}
    beside = RANK + max(style.inches(name, style.SMALL) for name in names.values())
    diagrams = list(table.groupby(KEYS, sort=False))
    columns = 2 if len(diagrams) > 1 and style.PAGE_WIDTH / 2 - 2 * beside >= SHORTEST else 1
    width = style.COLUMN_WIDTH if style.COLUMN_WIDTH - 2 * beside >= SHORTEST else style.PAGE_WIDTH / columns
    rows = panels.in_rows(diagrams, columns)
    heights = [max(_height(panel) for _, panel in row) for row in rows]
    figure = Figure(figsize=(width * columns, sum(heights)))
    low = 1.0
    for row, height in zip(rows, heights, strict=True):
        low -= height / sum(heights)
        for column, ((protocol, encoder, metric), panel) in enumerate(row):
            axes = figure.add_axes((column / columns, low, 1 / columns, height / sum(heights)))
            axes.set_axis_off()
            axes.set(xlim=(0, width), ylim=(height, 0))  # inches from the top left corner
            title = f"{protocol_name(protocol)}, {encoder_name(encoder)}: {metric_name(metric)}"
            axes.text(width / 2, 0.1, title, ha="center", va="center", fontsize=style.TITLE)
            _draw_panel(axes, panel, names, beside)
    return figure


def _cliques(panel: pd.DataFrame) -> list[pd.Series]:
    """The ranks of the members of each group within one critical difference."""
    numbers = panel["cliques"].str.split()
    return [
        panel.loc[numbers.map(lambda own, one=one: one in own), "rank"]
        for one in sorted({n for own in numbers for n in own}, key=int)
    ]


def _height(panel: pd.DataFrame) -> float:
    return TOP + 0.1 + STEP * len(_cliques(panel)) + LINE * -(-len(panel) // 2) + FOOT


def _draw_panel(axes: Axes, panel: pd.DataFrame, names: dict[str, str], beside: float) -> None:
    """Draw a diagram, in inches from the top left corner. ``beside``: room for names on each side of the axis."""
    width, height = axes.get_xlim()[1], axes.get_ylim()[0]
    about = panel.iloc[0]
    foot = about["reason"] or f"{about['n_corpora']} corpora, Friedman p {_p_value(about['p'])}"
    axes.text(width / 2, height - 0.12, foot, color=style.GREY, **style.CENTRED)
    panel = panel.dropna(subset=["rank"]).sort_values("rank", kind="stable")
    if panel.empty:
        return
    last = max(len(panel), 2)
    start, scale = beside + 0.05, (width - 2 * beside - 0.1) / (last - 1)

    def at(rank: float) -> float:
        return start + (rank - 1) * scale

    line = {"color": style.BLACK, "solid_capstyle": "butt"}
    axes.plot([at(1), at(last)], [TOP, TOP], linewidth=0.8, **line)
    for rank in range(1, last + 1):
        axes.plot([at(rank)] * 2, [TOP - 0.03, TOP], linewidth=0.6, **line)
        axes.text(at(rank), TOP - 0.04, str(rank), ha="center", va="bottom", fontsize=style.SMALL)
    difference = about["critical_difference"]
    if math.isfinite(difference):
        y = TOP - 0.2
        shown = min(difference, (width - start - 0.1) / scale)
        axes.plot([at(1), at(1) + shown * scale], [y, y], linewidth=1.6, color=style.GREY, solid_capstyle="butt")
        axes.text(at(1) - 0.05, y, f"CD {difference:.2f}", ha="right", va="center", fontsize=style.SMALL)
    below = TOP + 0.08
    for ranks in _cliques(panel):
        axes.plot([at(ranks.min()) - 0.03, at(ranks.max()) + 0.03], [below, below], linewidth=2.4, **line)
        below += STEP
    half = -(-len(panel) // 2)
    for place, (objective, rank) in enumerate(zip(panel["objective"], panel["rank"], strict=True)):
        left = place < half
        y = below + LINE * (0.5 + (place if left else len(panel) - 1 - place))
        edge = beside if left else width - beside
        look = style.look(objective)
        axes.plot([edge, at(rank), at(rank)], [y, y, TOP], linewidth=0.7, color=look.color)
        axes.plot(at(rank), TOP, clip_on=False, **{**look.line(), "linestyle": "none"})
        text = f"{names[objective]}  {number(rank, 2)}" if left else f"{number(rank, 2)}  {names[objective]}"
        side = {"ha": "right" if left else "left", "va": "center", "fontsize": style.SMALL}
        axes.text(edge - 0.04 if left else edge + 0.04, y, text, **side)


def _p_value(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"= {p:.3f}"
