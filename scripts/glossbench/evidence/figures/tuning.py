"""The search for settings: the best value by trial, and the importance of each setting."""

import json
from contextlib import suppress

import numpy as np
import optuna
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import MaxNLocator
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution
from optuna.importance import FanovaImportanceEvaluator, get_param_importances

from glossbench.evidence.figures import panels, style
from glossbench.evidence.figures.learning_curves import SCORE_NAMES
from glossbench.evidence.selection import unvaried
from glossbench.evidence.text.names import SYMBOLS, arrange, encoder_name, in_order, objective_name, protocol_name
from glossbench.evidence.text.numbers import number
from glossbench.frames import PANEL

SEARCH = [*PANEL, "objective"]
FEWEST = 4  # complete trials that an importance needs
TREES, SEED = 8, 0  # of fANOVA (Hutter et al. 2014); enough for a few dozen trials
SHORT = {"learning_rate": "lr", "margin": "m", "anchors_per_class": "k", **SYMBOLS}
CURVE, MATRIX = "value", "importance"  # kinds of rows
CURVE_HEIGHT = 0.9  # inches
ROW = 0.15  # inches per search in a matrix of importances
MARGIN = 0.6  # inches per block for titles and axis label
LONGEST = 1.7  # inches, the longest name of an encoder and objective next to a matrix

select = unvaried  # a search belongs to an objective without changed settings


def frame(trials: pd.DataFrame) -> pd.DataFrame:
    """The data of the figure.

    Args:
        trials: The collected trials.

    Returns:
        One row per trial and per setting of each search: protocol, corpus, encoder, objective, kind and the columns
        of the kind. Kind "value": trial (from 1) and best, the highest value of the complete trials so far. Kind
        "importance": setting, importance (fANOVA's share of the variance, which sums to one over a search; NaN if
        fewer than ``FEWEST`` trials are complete or all have the same value) and n_complete.
    """
    searches = arrange(trials, [*SEARCH, "trial"]).groupby(SEARCH, sort=False)
    rows = [
        {**dict(zip(SEARCH, key, strict=True)), **row}
        for key, search in searches
        for row in [*_growth(search), *_importances(search)]
    ]
    return pd.DataFrame(rows, columns=[*SEARCH, "kind", "trial", "best", "setting", "importance", "n_complete"])


def _growth(search: pd.DataFrame) -> list[dict]:
    complete = search["value"].where(search["state"] == "complete")
    best = complete.cummax().ffill()
    return [
        {"kind": CURVE, "trial": trial + 1, "best": value} for trial, value in zip(search["trial"], best, strict=True)
    ]


def _importances(search: pd.DataFrame) -> list[dict]:
    space = {setting: _distribution(allowed) for setting, allowed in json.loads(search["space"].iloc[0]).items()}
    complete = search[(search["state"] == "complete") & search["value"].notna()].dropna(subset=list(space))
    importances = dict.fromkeys(space, np.nan)
    if len(complete) >= FEWEST and complete["value"].nunique() > 1:
        study = _study([_trial(row, space) for _, row in complete.iterrows()])
        with suppress(RuntimeError):  # no variance in any tree, e.g. all trials have the same settings
            importances |= get_param_importances(study, evaluator=FanovaImportanceEvaluator(n_trees=TREES, seed=SEED))
    return [
        {"kind": MATRIX, "setting": setting, "importance": float(importances[setting]), "n_complete": len(complete)}
        for setting in space
    ]


def _study(trials: list[optuna.trial.FrozenTrial]) -> optuna.Study:
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)  # it logs every new study
    try:
        study = optuna.create_study(direction="maximize")
    finally:
        optuna.logging.set_verbosity(verbosity)
    study.add_trials(trials)
    return study


def _distribution(allowed: dict) -> BaseDistribution:
    if "choices" in allowed:
        return CategoricalDistribution(allowed["choices"])
    return FloatDistribution(allowed["low"], allowed["high"], step=allowed.get("step"), log=allowed.get("log", False))


def _trial(row: pd.Series, space: dict[str, BaseDistribution]) -> optuna.trial.FrozenTrial:
    params = {setting: row[setting] for setting in space}
    return optuna.trial.create_trial(params=params, distributions=space, value=float(row["value"]))


@panels.drawing("this study tuned nothing")
def draw(table: pd.DataFrame) -> Figure:
    """Draw two blocks per protocol: the best value by trial, and below it the importances."""
    blocks = [
        (kind, protocol, corpora, block)
        for protocol in in_order(table["protocol"], "protocol")
        for kind in (CURVE, MATRIX)
        for corpora, block in panels.by_corpora(table[(table["protocol"] == protocol) & (table["kind"] == kind)])
    ]
    width = panels.width_of(table)
    legends = {
        protocol: style.legend(style.objective_entries(objectives), width)
        for protocol, objectives in table.groupby("protocol")["objective"]
    }
    heights = [_height(kind, block, legends[protocol]) for kind, protocol, _, block in blocks]
    figure, parts = panels.stacked(heights, width)
    for part, (kind, protocol, corpora, block) in zip(parts, blocks, strict=True):
        draw_block = _draw_curve_block if kind == CURVE else _draw_matrix_block
        draw_block(part, protocol, corpora, block)
        if kind == CURVE:
            part.legend(**legends[protocol], loc="outside lower center")
    return figure


def _height(kind: str, block: pd.DataFrame, legend: dict) -> float:
    if kind == MATRIX:
        return ROW * len(_searches(block)) + MARGIN
    return block["encoder"].nunique() * (CURVE_HEIGHT + 0.2) + MARGIN + 0.16 * style.legend_rows(legend)


def _searches(block: pd.DataFrame) -> list[tuple[str, str]]:
    """Encoder and objective of each row of the matrices of a block."""
    return [
        (encoder, objective)
        for encoder in in_order(block["encoder"], "encoder")
        for objective in in_order(block.loc[block["encoder"] == encoder, "objective"], "objective")
    ]


def _draw_curve_block(part: SubFigure, protocol: str, corpora: list[str], block: pd.DataFrame) -> None:
    part.suptitle(f"{protocol_name(protocol)}: best validation {SCORE_NAMES[protocol]}")
    for axes, panel, _ in panels.cells(part, block, corpora, "trial", CURVE_HEIGHT):
        _draw_curves(axes, panel)


def _draw_curves(axes: Axes, panel: pd.DataFrame) -> None:
    if panel["best"].isna().all():
        axes.set(xticks=[], yticks=[])
        panels.say(axes, "not tuned" if panel.empty else "no complete trial")
        return
    for objective in in_order(panel["objective"], "objective"):
        search = panel[panel["objective"] == objective]
        better = np.flatnonzero(search["best"].diff().fillna(1) > 0).tolist()
        look = {**style.look(objective).line(), "linewidth": 0.8, "markersize": 2.5}
        axes.plot(search["trial"], search["best"], drawstyle="steps-post", markevery=better, label=objective, **look)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4))


def _draw_matrix_block(part: SubFigure, protocol: str, corpora: list[str], block: pd.DataFrame) -> None:
    searches, settings = _searches(block), sorted(block["setting"].unique(), key=_place)
    part.suptitle(f"{protocol_name(protocol)}: importance of the settings")
    grid = part.subplots(1, len(corpora), squeeze=False)[0]
    several = block["encoder"].nunique() > 1
    names = [
        f"{encoder_name(encoder)}, {objective_name(objective)}" if several else objective_name(objective)
        for encoder, objective in searches
    ]
    names = [style.fitted(name, LONGEST, style.SMALL) for name in names]
    panels.name_corpora(part, grid, corpora, LONGEST)
    for axes, corpus in zip(grid, corpora, strict=True):
        _draw_matrix(axes, block[block["corpus"] == corpus], searches, settings)
        axes.set_yticks(range(len(searches)), names if axes is grid[0] else [""] * len(searches))


def _place(setting: str) -> tuple[int, str]:
    return ([*SHORT].index(setting) if setting in SHORT else len(SHORT)), setting


def _draw_matrix(axes: Axes, panel: pd.DataFrame, searches: list[tuple[str, str]], settings: list[str]) -> None:
    colors = colormaps["cividis"].with_extremes(bad="white")
    wide = panel.pivot_table("importance", ["encoder", "objective"], "setting", dropna=False)
    values = wide.reindex(index=searches, columns=settings).to_numpy(dtype=float)
    axes.imshow(np.ma.masked_invalid(values), cmap=colors, vmin=0, vmax=1, aspect="auto")
    axes.set_xticks(range(len(settings)), [SHORT.get(setting, setting) for setting in settings])
    axes.tick_params(length=0)
    axes.grid(False)
    for (row, column), value in np.ndenumerate(values):
        if np.isfinite(value):
            axes.text(column, row, number(value, 2), color=style.readable_on(colors(value)), **style.CENTRED)
    for row, search in enumerate(searches):
        mine = panel[(panel["encoder"] == search[0]) & (panel["objective"] == search[1])]
        if mine.empty or mine["importance"].isna().all():
            text = "not tuned" if mine.empty else _without_importances(int(mine["n_complete"].max()))
            axes.text((len(settings) - 1) / 2, row, text, color=style.GREY, **style.CENTRED)


def _without_importances(n_complete: int) -> str:
    return f"too few trials ({n_complete})" if n_complete < FEWEST else "all trials alike"
