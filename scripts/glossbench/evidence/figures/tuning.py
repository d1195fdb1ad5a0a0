"""The search for settings: the best value by trial, and the importance of each setting."""

import json
from contextlib import suppress
from functools import partial
from typing import Any

import numpy as np
import optuna
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from optuna.distributions import CategoricalDistribution, FloatDistribution
from optuna.importance import FanovaImportanceEvaluator, get_param_importances

from glossbench.evidence.figures import panels, style
from glossbench.evidence.figures.learning_curves import SCORE_NAMES
from glossbench.evidence.text.names import SYMBOLS, arrange, protocol_name
from glossbench.evidence.text.numbers import number
from glossbench.frames import LINE

FEWEST = 4  # complete trials that an importance needs
TREES, SEED = 8, 0  # of fANOVA (Hutter et al. 2014); enough for a few dozen trials
SHORT = {"learning_rate": "lr", "margin": "m", "anchors_per_class": "a", **SYMBOLS}
CURVE, MATRIX = "value", "importance"  # kinds of rows
CURVE_HEIGHT = 0.9  # inches
ROW = 0.15  # inches per search in a matrix of importances


def tidy(trials: pd.DataFrame) -> pd.DataFrame:
    """The data of the figure.

    One row per trial and per setting of each search: protocol, corpus, encoder, objective, kind and the columns
    of the kind. Kind "value": trial (from 1) and best, the highest value of the complete trials so far. Kind
    "importance": setting, importance (fANOVA's share of the variance, which sums to one over a search; NaN if
    fewer than ``FEWEST`` trials are complete or all have the same value) and n_complete.
    """
    rows = []
    for key, search in arrange(trials, [*LINE, "trial"]).groupby(LINE, sort=False):
        best = search["value"].where(search["state"] == "complete").cummax().ffill()
        trials_of = zip(search["trial"] + 1, best, strict=True)
        own = [{"kind": CURVE, "trial": trial, "best": value} for trial, value in trials_of]
        rows += [{**dict(zip(LINE, key, strict=True)), **row} for row in own + _importances(search)]
    return pd.DataFrame(rows, columns=[*LINE, "kind", "trial", "best", "setting", "importance", "n_complete"])


def _importances(search: pd.DataFrame) -> list[dict]:
    space = {setting: _distribution(**allowed) for setting, allowed in json.loads(search["space"].iloc[0]).items()}
    complete = search[(search["state"] == "complete") & search["value"].notna()].dropna(subset=list(space))
    importances = dict.fromkeys(space, np.nan)
    if len(complete) >= FEWEST and complete["value"].nunique() > 1:
        optuna.logging.set_verbosity(optuna.logging.WARNING)  # it logs every new study
        study = optuna.create_study(direction="maximize")
        for trial in complete.to_dict("records"):
            params = {setting: trial[setting] for setting in space}
            made = optuna.trial.create_trial(params=params, distributions=space, value=float(trial["value"]))
            study.add_trial(made)
        with suppress(RuntimeError):  # no variance in any tree, e.g. all trials have the same settings
            importances |= get_param_importances(study, evaluator=FanovaImportanceEvaluator(n_trees=TREES, seed=SEED))
    about = {"kind": MATRIX, "n_complete": len(complete)}
    return [{**about, "setting": setting, "importance": float(importances[setting])} for setting in space]


def _distribution(used: float | None = None, **allowed: Any) -> CategoricalDistribution | FloatDistribution:
    """The values that trials drew from; ``used`` is what runs take instead of the value found."""
    return (CategoricalDistribution if "choices" in allowed else FloatDistribution)(**allowed)


@panels.drawing
def draw(table: pd.DataFrame) -> Figure:
    """Draw two blocks per protocol: the best value by trial, and below it the importances."""
    blocks = []
    for protocol, rows in panels.by(table, "protocol"):
        name, curves, matrices = protocol_name(protocol), rows[rows["kind"] == CURVE], rows[rows["kind"] == MATRIX]
        settings = sorted(matrices["setting"].unique(), key=lambda setting: ([*SHORT, setting].index(setting), setting))
        draw_matrix = partial(_draw_matrix, settings=settings)
        title = f"{name}: best validation {SCORE_NAMES[protocol]}"
        blocks.append(panels.Block(title, curves, _draw_curves, CURVE_HEIGHT, "trial"))
        blocks.append(panels.Block(f"{name}: importance of the settings", matrices, draw_matrix, ROW, lines=True))
    return panels.page(blocks, style.objective_entries(table["objective"]))


def _draw_curves(axes: Axes, panel: pd.DataFrame) -> None:
    if panel["best"].isna().all():
        axes.set(xticks=[], yticks=[])
        panels.say(axes, "no complete trial")
        return
    for objective, search in panels.by(panel, "objective"):
        better = np.flatnonzero(search["best"].diff().fillna(1) > 0).tolist()
        look = {**style.look(objective), **panels.THIN}
        axes.plot(search["trial"], search["best"], drawstyle="steps-post", markevery=better, label=objective, **look)
    axes.locator_params("x", integer=True)


def _draw_matrix(axes: Axes, panel: pd.DataFrame, settings: list[str]) -> None:
    lines = range(len(axes.get_yticks()))
    values = panel.pivot(index="line", columns="setting", values="importance").reindex(lines, columns=settings)
    panels.matrix(axes, values, values.map(lambda value: "" if np.isnan(value) else number(value, 2)), Normalize(0, 1))
    axes.set_xticks(range(len(settings)), [SHORT.get(setting, setting) for setting in settings])
    axes.tick_params(length=0)
    complete = panel.groupby("line")["n_complete"].max()
    for line in values.index[values.isna().all(axis=1)]:
        text = "not tuned"
        if line in complete:
            text = f"too few trials ({complete[line]:.0f})" if complete[line] < FEWEST else "all trials alike"
        axes.text((len(settings) - 1) / 2, line, text, color=style.GREY, **style.CENTRED)
