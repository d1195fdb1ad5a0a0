"""The effect of one setting at a time on test macro-F1, as tornado plots: figure F8 of the paper."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from glossbench.evidence.figures import panels, style
from glossbench.evidence.selection import NEARBY, RELATIVE, one_at_a_time
from glossbench.evidence.text.names import SYMBOLS, arrange, corpus_name, encoder_name, objective_name
from glossbench.evidence.text.numbers import number
from glossbench.frames import CELL_OF_PROTOCOL

SETTINGS = ["sigma", "weight", "labeled_fraction"]
BAR = 0.3  # inches per bar
WIDEST = 3  # panels per row of a page; the labels at the ends of the bars need room
NAMES = 0.55  # inches per panel for the names of the settings
MARGIN = 0.75  # inches per panel for title, ticks and axis label


def select(runs: pd.DataFrame) -> pd.DataFrame:
    """Rows with exactly one of σ, λ and γ changed, and the unvaried rows of their objectives."""
    return runs.loc[one_at_a_time(runs, SETTINGS).index]


def frame(runs: pd.DataFrame) -> pd.DataFrame:
    """The data of the figure.

    The values of a setting are the steps ×0.9 and ×1.1 if they were run, else all values. Each value is compared with
    the unvaried objective over the seeds that both have.

    Args:
        runs: The collected runs.

    Returns:
        One row per bar: corpus, encoder, protocol, objective, setting; plain, low and high (test macro-F1 in percent:
        of the unvaried objective over all its seeds, and the lowest and highest of it and the values); at_low and
        at_high (the values in the form of the key, empty for the unvaried objective); swing (high - low); n_values.
    """
    rows = one_at_a_time(runs.reset_index(drop=True), SETTINGS)
    rows = rows.assign(score=rows["test_macro_f1"] * 100)
    own = rows[rows["setting"] == ""].set_index([*CELL_OF_PROTOCOL, "seed"])["score"].rename("own")
    varied = rows[rows["setting"] != ""]
    nearby = varied["value"].isin(NEARBY)
    has_nearby = nearby.groupby([varied[key] for key in [*CELL_OF_PROTOCOL, "setting"]]).transform("any").astype(bool)
    varied = varied[nearby | ~has_nearby].join(own, on=[*CELL_OF_PROTOCOL, "seed"]).dropna(subset=["own", "score"])
    varied = varied.assign(change=varied["score"] - varied["own"])
    changes = varied.groupby([*CELL_OF_PROTOCOL, "setting", "value"])["change"].mean().reset_index()
    own_means = own.groupby(CELL_OF_PROTOCOL).mean()
    bars = [
        {**dict(zip([*CELL_OF_PROTOCOL, "setting"], key, strict=True)), **_bar(group, own_means.loc[key[:4]])}
        for key, group in changes.groupby([*CELL_OF_PROTOCOL, "setting"])
    ]
    columns = [*CELL_OF_PROTOCOL, "setting", "plain", "low", "high", "at_low", "at_high", "swing", "n_values"]
    table = pd.DataFrame(bars, columns=columns)
    return arrange(table.sort_values("setting"), ["protocol", "corpus", "encoder", "objective"])


def _bar(changes: pd.DataFrame, unvaried: float) -> dict:
    """The columns of a bar, from the changes of each value and the mean of the unvaried objective."""
    ends = pd.concat([changes.set_index("value")["change"], pd.Series({"": 0.0})])
    low, high = ends.min(), ends.max()
    return {
        "plain": unvaried,
        "low": unvaried + low,
        "high": unvaried + high,
        "at_low": ends.idxmin(),
        "at_high": ends.idxmax(),
        "swing": high - low,
        "n_values": len(changes),
    }


@panels.drawing()
def draw(table: pd.DataFrame) -> Figure:
    """Draw a panel per corpus, encoder and objective, with the longest bar on top."""
    groups = list(table.groupby(CELL_OF_PROTOCOL, sort=False))
    rows = panels.in_rows(groups, WIDEST)
    width = style.COLUMN_WIDTH if len(groups) == 1 else style.PAGE_WIDTH
    bars = max(len(panel) for _, panel in groups)
    height = bars * BAR + MARGIN
    figure = Figure(figsize=(width, height * len(rows)), layout="constrained")
    grid = figure.subplots(len(rows), len(rows[0]), squeeze=False)
    for axes, ((corpus, encoder, _, objective), panel) in panels.filled(grid, rows):
        _draw_panel(axes, panel.sort_values("swing", kind="stable"), bars)
        lines = f"{corpus_name(corpus)}, {encoder_name(encoder)}", objective_name(objective)
        room = width / len(rows[0]) - NAMES
        axes.set_title("\n".join(style.fitted(text, room, style.TITLE) for text in lines))
    return figure


def _draw_panel(axes: Axes, panel: pd.DataFrame, bars: int) -> None:
    panel = panel.reset_index(drop=True)
    low, high = panel["low"].min(), panel["high"].max()
    room = 0.22 * max(high - low, 0.01)  # for the labels at the ends of the bars
    for place, bar in panel.iterrows():
        for end, value, color, side in (
            (bar["low"], bar["at_low"], style.SKY, -1),
            (bar["high"], bar["at_high"], style.ORANGE, 1),
        ):
            axes.barh(place, end - bar["plain"], left=bar["plain"], height=0.6, color=color, edgecolor="none")
            if value:
                text = value.replace(RELATIVE, "×", 1)
                where = {"ha": "right" if side < 0 else "left", "va": "center", "fontsize": style.SMALL}
                axes.annotate(text, (end, place), (2 * side, 0), textcoords="offset points", **where)
    axes.axvline(panel["plain"].iloc[0], color=style.BLACK, linewidth=0.8)
    labels = [f"{SYMBOLS[bar['setting']]}  {number(bar['swing'], 2)}" for _, bar in panel.iterrows()]
    axes.set_yticks(range(len(panel)), labels, fontsize=style.TEXT)
    axes.set_ylim(len(panel) - bars - 0.5, len(panel) - 0.5)
    axes.set_xlim(low - room, high + room)
    axes.tick_params(axis="y", length=0)
    axes.grid(False, axis="y")
    axes.xaxis.set_major_locator(MaxNLocator(nbins=4))
    axes.set_xlabel("macro-F1, %")
