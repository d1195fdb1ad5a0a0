"""Heat maps of test macro-F1 by corpus and value of a setting, one panel per encoder and objective.

They are figures F2, F3 and F4 of the paper, for λ, γ and σ.
"""

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle

from glossbench.evidence.figures import panels, style
from glossbench.evidence.selection import NEARBY, is_relative, numbers, one_at_a_time
from glossbench.evidence.text.names import arrange, corpus_name, encoder_name, in_order, objective_name
from glossbench.evidence.text.numbers import DASH, number
from glossbench.frames import CELL_OF_PROTOCOL

CELL_WIDTH, CELL_HEIGHT = 0.29, 0.2  # inches
LABELS = 0.7  # inches for the names of the corpora
ROOM = {2: 0.32, 1: 0.24}  # by number of decimals, inches that e.g. "85.64" needs in the smallest text, bold
DEEPEST = 5.0  # points below the best at which the colours end, so that one failed run does not determine the scale
AXES = {
    "weight": "weight of the loss, λ",
    "labeled_fraction": "share of labels kept, γ",
    "sigma": "multiple of the chosen σ",
}
DIGITS = 6  # values are rounded, because those in keys have fewer digits than those in the frame


def select(runs: pd.DataFrame, setting: str, relative: bool) -> pd.DataFrame:
    """Rows that vary this setting alone, and the unvaried rows of their objectives.

    The steps of the sensitivity analysis are left out.

    Args:
        runs: Rows of runs.
        setting: Name of the setting.
        relative: Whether to take the rows whose value is a multiple, or those with an absolute value.
    """
    rows = one_at_a_time(runs, [setting])
    varied = (is_relative(rows["value"]) == relative) & ~rows["value"].isin(NEARBY) & numbers(rows["value"]).notna()
    has_varied = varied.groupby([rows[key] for key in CELL_OF_PROTOCOL]).transform("any").astype(bool)
    return runs.loc[rows.index[varied | (has_varied & (rows["setting"] == ""))]]


def frame(runs: pd.DataFrame, setting: str, relative: bool) -> pd.DataFrame:
    """The data of the figure. Runs with the same value and seed count once.

    Args:
        runs: The collected runs.
        setting: Name of the setting.
        relative: Whether values are multiples (``x1.5``) of the value that the unvaried objective uses. That value is
            then 1.

    Returns:
        One row per corpus, encoder, protocol, objective and value: mean and std of test macro-F1 in percent over
        n_seeds seeds (std is NaN for one seed), and chosen, whether it is the value of the unvaried objective.
    """
    rows = one_at_a_time(select(runs.reset_index(drop=True), setting, relative), [setting])
    unvaried = rows["setting"] == ""
    own = 1.0 if relative else rows[setting].astype(float)
    values = numbers(rows["value"]).where(~unvaried, own).round(DIGITS)
    rows = rows.assign(value=values, chosen=unvaried, score=rows["test_macro_f1"] * 100).dropna(subset=["value"])
    chosen = rows.groupby([*CELL_OF_PROTOCOL, "value"])["chosen"].any()
    once = rows.sort_values("chosen", kind="stable").drop_duplicates([*CELL_OF_PROTOCOL, "value", "seed"])
    scores = once.groupby([*CELL_OF_PROTOCOL, "value"])["score"]
    table = scores.agg(mean="mean", std="std", n_seeds="size").join(chosen).reset_index()
    return arrange(table, ["protocol", "encoder", "objective", "corpus", "value"])


@panels.drawing()
def draw(table: pd.DataFrame, setting: str, relative: bool) -> Figure:
    """Draw the heat maps, with corpora as rows and values as columns.

    The best value of a row is bold; the value of the unvaried objective has a frame.
    """
    values = sorted(table["value"].unique())
    groups = list(table.groupby(["protocol", "encoder", "objective"], sort=False))
    needed = LABELS + CELL_WIDTH * len(values)
    rows = panels.in_rows(groups, max(1, int(style.PAGE_WIDTH // needed)))
    columns = len(rows[0])
    width = style.COLUMN_WIDTH if columns == 1 and needed <= style.COLUMN_WIDTH else style.PAGE_WIDTH
    heights = [CELL_HEIGHT * max(panel["corpus"].nunique() for _, panel in row) + 0.65 for row in rows]
    figure = Figure(figsize=(width, sum(heights) + 0.45), layout="constrained")
    grid = figure.subplots(len(rows), columns, squeeze=False, height_ratios=heights)
    drops = table["mean"] - table.groupby(CELL_OF_PROTOCOL)["mean"].transform("max")
    norm = Normalize(-min(DEEPEST, max(1.0, -drops.min())), 0)
    room = (width / columns - LABELS) / len(values)
    decimals = next((digits for digits, needed in ROOM.items() if room >= needed), None)
    for axes, ((_, encoder, objective), panel) in panels.filled(grid, rows):
        image = _draw_panel(axes, panel.assign(drop=drops), values, norm, decimals)
        title = f"{encoder_name(encoder)}, {objective_name(objective)}"
        axes.set_title(style.fitted(title, width / columns - LABELS, style.TITLE))
        axes.set_xlabel(AXES[setting])
    extend = "min" if drops.min() < norm.vmin else "neither"
    bar = figure.colorbar(image, ax=grid, location="bottom", shrink=0.5, aspect=6.5 * width, extend=extend)
    bar.set_label("macro-F1, points below the best of the row")
    return figure


def _draw_panel(
    axes: Axes, panel: pd.DataFrame, values: list[float], norm: Normalize, decimals: int | None
) -> AxesImage:
    corpora = in_order(panel["corpus"], "corpus")
    drops = panel.pivot(index="corpus", columns="value", values="drop").reindex(index=corpora, columns=values)
    colors = colormaps["cividis"].with_extremes(bad="white")
    image = axes.imshow(np.ma.masked_invalid(drops.to_numpy()), cmap=colors, norm=norm, aspect="auto")
    axes.set_xticks(range(len(values)), [f"{value:g}" for value in values])
    axes.set_yticks(
        range(len(corpora)), [style.fitted(corpus_name(corpus), LABELS) for corpus in corpora], fontsize=style.TEXT
    )
    axes.tick_params(length=0)
    axes.grid(False)
    known = panel.set_index(["corpus", "value"])
    for y, corpus in enumerate(corpora):
        for x, value in enumerate(values):
            if (corpus, value) not in known.index:
                axes.text(x, y, DASH, color=style.GREY, **style.CENTRED)
                continue
            cell = known.loc[(corpus, value)]
            if decimals is not None:
                color, weight = style.readable_on(colors(norm(cell["drop"]))), "bold" if cell["drop"] == 0 else "normal"
                text = number(cell["mean"], decimals)
                axes.text(x, y, text, color=color, weight=weight, **style.CENTRED)
            if cell["chosen"]:
                look = {"fill": False, "edgecolor": style.VERMILION, "linewidth": 1}
                axes.add_patch(Rectangle((x - 0.44, y - 0.42), 0.88, 0.84, **look))
    return image
