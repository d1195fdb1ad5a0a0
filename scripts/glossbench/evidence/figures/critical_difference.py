"""Average ranks over corpora with their critical difference: the diagram of Demsar (2006), section 3.2.4."""

import math

import numpy as np
import pandas as pd
import scikit_posthocs
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from glossbench.evidence.figures import panels, style
from glossbench.evidence.selection import unvaried
from glossbench.evidence.statistics.ranks import friedman
from glossbench.evidence.text.names import arrange, encoder_name, protocol_name
from glossbench.evidence.text.numbers import number

METRICS = ["accuracy", "macro_f1"]
KEYS = ["protocol", "encoder", "metric"]
SHORTEST = 0.7  # inches, the shortest axis of ranks
RANK = 0.45  # inches for the margin and the rank next to a name
LINE = 0.13  # inches between names, and between bars


def tidy(runs: pd.DataFrame) -> pd.DataFrame:
    """The data of the figure.

    One row per objective of a panel: protocol, encoder, metric, objective, rank (average over corpora, 1 is
    best), n_corpora, critical_difference (Nemenyi, NaN without a test), p (Friedman), cliques (numbers of its
    groups within one critical difference, separated by spaces) and reason (why there is no test, or empty). A
    panel without ranks has one row without objective.
    """
    runs = unvaried(runs)
    rows = []
    for (protocol, encoder), _ in arrange(runs, ["protocol", "encoder"]).groupby(["protocol", "encoder"], sort=False):
        for metric in METRICS:
            test = friedman(runs, metric, protocol, encoder)
            about = {**dict(zip(KEYS, (protocol, encoder, metric), strict=True)), "n_corpora": len(test.corpora)}
            about |= {"critical_difference": test.critical_difference, "p": test.p, "reason": test.reason}
            for key, rank in (test.ranks or {"": math.nan}).items():
                groups = " ".join(str(place) for place, clique in enumerate(test.cliques) if key in clique)
                rows.append({**about, "objective": key, "rank": rank, "cliques": groups})
    columns = [*KEYS, "objective", "rank", "n_corpora", "critical_difference", "p", "cliques", "reason"]
    return pd.DataFrame(rows, columns=columns)


@panels.drawing
def draw(table: pd.DataFrame) -> Figure:
    """Draw a block per protocol and encoder, with the metrics as columns and the best rank on the left."""
    beside = RANK + max(style.inches(panels.short(key), style.SMALL) for key in table["objective"].unique())
    blocks = []
    for (protocol, encoder), rows in table.groupby(KEYS[:2], sort=False):
        title, height = f"{protocol_name(protocol)}, {encoder_name(encoder)}", LINE * (4 + rows["objective"].nunique())
        blocks.append(panels.Block(title, rows, _draw_panel, height, columns="metric"))
    return panels.page(blocks, least=SHORTEST + 2 * beside)


def _draw_panel(axes: Axes, panel: pd.DataFrame) -> None:
    about = panel.iloc[0]
    p = "< 0.001" if about["p"] < 0.001 else f"= {about['p']:.3f}"
    foot = about["reason"] or f"{about['n_corpora']} corpora, Friedman p {p}"
    axes.set_xlabel(foot, color=style.GREY, fontsize=style.SMALL)
    panel = panel.dropna(subset=["rank"]).sort_values("rank", kind="stable", ignore_index=True)
    axes.set(xticks=range(1, max(len(panel), 2) + 1), yticks=[], ylabel="")
    axes.grid(False)
    if panel.empty:
        return
    groups = panel["cliques"].str.get_dummies(" ").drop(columns="", errors="ignore").to_numpy()
    significance = pd.DataFrame(np.where(groups @ groups.T, 1.0, 0.001))
    ranks = panel["rank"] + 1e-9 * panel.index  # equal ranks keep their order
    looks = [style.look(objective) for objective in panel["objective"]]
    look = {"color_palette": {place: look["color"] for place, look in enumerate(looks)}}
    look |= {"label_props": {"fontsize": style.SMALL}, "elbow_props": {"linewidth": 0.7}}
    look |= {"crossbar_props": {"linewidth": 2.4, "solid_capstyle": "butt"}}
    look |= dict.fromkeys(["label_fmt_left", "label_fmt_right"], "{label}")
    drawn = scikit_posthocs.critical_difference_diagram(ranks, significance, ax=axes, **look)
    for mark, text in zip(drawn["markers"], drawn["labels"], strict=True):
        place, left = int(text.get_text()), text.get_ha() == "right"
        mark.remove()
        axes.plot(ranks[place], 0, zorder=3, clip_on=False, **{**looks[place], "linestyle": "none"})
        name = panels.short(panel["objective"][place]), number(panel["rank"][place], 2), ""
        text.set(text="  ".join(name if left else name[::-1]), color=style.BLACK)
    difference, end = about["critical_difference"], axes.get_xticks()[-1]
    if math.isfinite(difference):
        axes.plot([1, min(1 + difference, end)], [2.4, 2.4], linewidth=1.6, color=style.GREY)
        axes.text(1, 2.4, f"CD {difference:.2f} ", ha="right", va="center", fontsize=style.SMALL)
    axes.set_xlim(0.95, end + 0.05)
    axes.spines["top"].set_bounds(1, end)
    axes.set_ylim(min(text.get_position()[1] for text in drawn["labels"]) - 0.6, 2.8)
