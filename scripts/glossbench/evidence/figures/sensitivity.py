"""The effect of one setting at a time on test macro-F1, as tornado plots: figure F8 of the paper."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from glossbench.evidence.figures import panels, style
from glossbench.evidence.selection import RELATIVE, one_at_a_time
from glossbench.evidence.text.names import SYMBOLS, arrange, objective_name
from glossbench.evidence.text.numbers import number
from glossbench.frames import EXPERIMENT_OF_PROTOCOL, RUN_OF_PROTOCOL
from glossbench.settings.model import NEARBY

BAR = [*EXPERIMENT_OF_PROTOCOL, "setting"]
SETTINGS = ["sigma", "weight", "labeled_fraction"]
HEIGHT, WIDTH = 0.9, 2.3  # inches of a panel; the labels at the ends of the bars need room


def select(runs: pd.DataFrame) -> pd.DataFrame:
    """Rows with exactly one of σ, λ and γ changed, and the unvaried rows of their objectives."""
    return runs.loc[one_at_a_time(runs, SETTINGS).index]


def tidy(runs: pd.DataFrame) -> pd.DataFrame:
    """The data of the figure.

    The values of a setting are the steps ×0.9 and ×1.1 if they were run, else all values. Each value is compared with
    the unvaried objective over the seeds that both have.

    One row per bar: corpus, encoder, protocol, objective, setting; unvaried, low and high (test macro-F1 in percent:
    of the unvaried objective over all its seeds, and the lowest and highest of it and the values); at_low and
    at_high (the values in the form of the key, empty for the unvaried objective); swing (high - low); n_values.
    """
    rows = one_at_a_time(runs.reset_index(drop=True), SETTINGS)
    rows = rows.assign(score=rows["test_macro_f1"] * 100)
    own = rows[rows["setting"] == ""].set_index(RUN_OF_PROTOCOL)["score"].rename("own")
    varied = rows[rows["setting"] != ""]
    nearby = varied["value"].isin(NEARBY)
    has_nearby = nearby.groupby([varied[key] for key in BAR]).transform("any").astype(bool)
    varied = varied[nearby | ~has_nearby].join(own, on=RUN_OF_PROTOCOL).dropna(subset=["own", "score"])
    varied = varied.assign(change=varied["score"] - varied["own"])
    changes = varied.groupby([*BAR, "value"])["change"].mean().reset_index()
    ends = pd.concat([changes, changes.drop_duplicates(BAR).assign(value="", change=0.0)], ignore_index=True)
    bars = ends.groupby(BAR)["change"]
    table = bars.agg(low="min", high="max", n_values="size").reset_index()
    table["n_values"] -= 1
    table["at_low"], table["at_high"] = (
        ends["value"].loc[places].to_numpy() for places in (bars.idxmin(), bars.idxmax())
    )
    table["swing"] = table["high"] - table["low"]
    table = table.join(own.groupby(EXPERIMENT_OF_PROTOCOL).mean().rename("unvaried"), on=EXPERIMENT_OF_PROTOCOL)
    table[["low", "high"]] = table[["low", "high"]].add(table["unvaried"], axis=0)
    table = table[[*BAR, "unvaried", "low", "high", "at_low", "at_high", "swing", "n_values"]]
    return arrange(table.sort_values("setting"), ["protocol", "corpus", "encoder", "objective"])


@panels.drawing
def draw(table: pd.DataFrame) -> Figure:
    """Draw a block per objective, with corpora as columns and encoders as rows, and the longest bar on top."""
    blocks = [
        panels.Block(objective_name(objective), rows, _draw_panel, HEIGHT, "macro-F1, %")
        for objective, rows in panels.by(table, "objective")
    ]
    return panels.page(blocks, least=WIDTH)


def _draw_panel(axes: Axes, panel: pd.DataFrame) -> None:
    panel = panel.sort_values("swing", kind="stable", ignore_index=True)
    low, high = panel["low"].min(), panel["high"].max()
    room = 0.22 * max(high - low, 0.01)  # for the labels at the ends of the bars
    for place, bar in panel.iterrows():
        for end, color, side, align in (("low", style.SKY, -1, "right"), ("high", style.ORANGE, 1, "left")):
            width = bar[end] - bar["unvaried"]
            axes.barh(place, width, left=bar["unvaried"], height=0.6, color=color, edgecolor="none")
            text = bar[f"at_{end}"].replace(RELATIVE, "×", 1)
            where = {"ha": align, "va": "center", "fontsize": style.SMALL, "textcoords": "offset points"}
            axes.annotate(text, (bar[end], place), (2 * side, 0), **where)
    axes.axvline(panel["unvaried"].iloc[0], color=style.BLACK, linewidth=0.8)
    labels = [f"{SYMBOLS[bar.setting]}  {number(bar.swing, 2)}" for bar in panel.itertuples()]
    axes.set_yticks(range(len(panel)), labels, fontsize=style.TEXT)
    axes.set(ylim=(len(panel) - len(SETTINGS) - 0.5, len(panel) - 0.5), xlim=(low - room, high + room))
    axes.tick_params(axis="y", length=0)
    axes.grid(False, axis="y")
