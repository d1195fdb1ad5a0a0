"""Heat maps of test macro-F1 by corpus and value of a setting: figures F2 (λ), F3 (γ) and F4 (σ) of the paper."""

from functools import partial

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from glossbench.evidence.figures import panels, style
from glossbench.evidence.selection import is_relative, numbers, one_at_a_time
from glossbench.evidence.text.names import SYMBOLS, arrange, corpus_name, in_order
from glossbench.evidence.text.numbers import number
from glossbench.frames import EXPERIMENT_OF_PROTOCOL
from glossbench.settings.model import NEARBY

CELL_WIDTH, CELL_HEIGHT = 0.29, 0.2  # inches
LABELS, BAR = 0.7, 0.5  # inches for the names of the corpora, for the bar of colours
LOWEST = 0.6  # inches, the name of an encoder
DEEPEST = 5.0  # points below the best at which the colours end, so that one failed run does not determine the scale
AXES = {"weight": "weight of the loss, λ", "labeled_fraction": "share of labels kept, γ"}
DIGITS = 6  # values are rounded, because those in keys have fewer digits than those in the frame


def select(runs: pd.DataFrame, setting: str, relative: bool) -> pd.DataFrame:
    """Rows that vary this setting alone, without the steps of the sensitivity analysis, and their unvaried rows."""
    rows = one_at_a_time(runs, [setting])
    varied = (is_relative(rows["value"]) == relative) & ~rows["value"].isin(NEARBY) & numbers(rows["value"]).notna()
    has_varied = varied.groupby([rows[key] for key in EXPERIMENT_OF_PROTOCOL]).transform("any").astype(bool)
    return runs.loc[rows.index[varied | (has_varied & (rows["setting"] == ""))]]


def tidy(runs: pd.DataFrame, setting: str, relative: bool) -> pd.DataFrame:
    """The data of the figure. Runs with the same value and seed count once.

    If ``relative``, values are multiples (``x1.5``) of the value that the unvaried objective uses, which is then 1.

    One row per corpus, encoder, protocol, objective and value: mean and std of test macro-F1 in percent over n_seeds
    seeds (std is NaN for one seed), and chosen, whether it is the value of the unvaried objective.
    """
    rows = one_at_a_time(select(runs.reset_index(drop=True), setting, relative), [setting])
    unvaried = rows["setting"] == ""
    own = 1.0 if relative else rows[setting].astype(float)
    values = numbers(rows["value"]).where(~unvaried, own).round(DIGITS)
    rows = rows.assign(value=values, chosen=unvaried, score=rows["test_macro_f1"] * 100).dropna(subset=["value"])
    chosen = rows.groupby([*EXPERIMENT_OF_PROTOCOL, "value"])["chosen"].any()
    once = rows.sort_values("chosen", kind="stable").drop_duplicates([*EXPERIMENT_OF_PROTOCOL, "value", "seed"])
    scores = once.groupby([*EXPERIMENT_OF_PROTOCOL, "value"])["score"]
    table = scores.agg(mean="mean", std="std", n_seeds="size").join(chosen).reset_index()
    return arrange(table, ["protocol", "encoder", "objective", "corpus", "value"])


@panels.drawing
def draw(table: pd.DataFrame, setting: str, relative: bool) -> Figure:
    """Draw a block per protocol, objectives as columns and encoders as rows; a panel has the corpora as rows.

    The best value of a row is bold; the value of the unvaried objective has a frame.
    """
    table = table.assign(drop=table["mean"] - table.groupby(EXPERIMENT_OF_PROTOCOL)["mean"].transform("max"))
    norm = Normalize(-min(DEEPEST, max(1.0, -table["drop"].min())), 0)
    values = sorted(table["value"].unique())
    draw_panel = partial(_draw_panel, values=values, norm=norm)
    height = max(LOWEST, CELL_HEIGHT * table["corpus"].nunique())
    symbol = SYMBOLS.get(setting, setting.replace("_", " "))
    label = f"multiple of the chosen {symbol}" if relative else AXES.get(setting, symbol)
    blocks = panels.protocols(table, draw_panel, height, label, columns="objective")
    figure = panels.page(blocks, least=LABELS + CELL_WIDTH * len(values), foot=BAR)
    below = figure.subfigs[-1]
    look = {"orientation": "horizontal", "label": "macro-F1, points below the best of the row"}
    look["extend"] = "min" if table["drop"].min() < norm.vmin else "neither"
    below.colorbar(ScalarMappable(norm, panels.COLORS), below.add_axes((0.3, 0.75, 0.4, 0.2)), **look)
    return figure


def _draw_panel(axes: Axes, panel: pd.DataFrame, values: list[float], norm: Normalize) -> None:
    corpora = in_order(panel["corpus"], "corpus")
    every = pd.MultiIndex.from_product([corpora, values])
    cells = panel.set_index(["corpus", "value"]).reindex(every)
    drops, means, chosen = (cells[column].unstack(sort=False) for column in ("drop", "mean", "chosen"))
    panels.matrix(axes, drops, means.map(partial(number, decimals=1)), norm)
    for text, drop in zip(axes.texts, drops.to_numpy().flat, strict=True):
        text.set_weight("bold" if drop == 0 else "normal")
    axes.set_xticks(range(len(values)), [f"{value:g}" for value in values])
    axes.set_yticks(range(len(corpora)), [style.fitted(corpus_name(corpus), LABELS) for corpus in corpora])
    axes.tick_params(length=0)
    for y, x in np.argwhere(chosen.eq(True).to_numpy()):
        look = {"fill": False, "edgecolor": style.VERMILION, "linewidth": 1}
        axes.add_patch(Rectangle((x - 0.44, y - 0.42), 0.88, 0.84, **look))
