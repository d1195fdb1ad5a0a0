"""Measures which of several settings moves a metric most when it alone is changed."""

from typing import Any

import numpy as np
import pandas as pd

from glossbench.evidence.claims.competitors import cells_of, listed, runs_of
from glossbench.evidence.claims.measurement import Measurement, over_cells
from glossbench.evidence.selection import is_relative, variations
from glossbench.evidence.statistics.scores import scores


def measure(measure: dict[str, Any], runs: pd.DataFrame, **_: Any) -> list[Measurement] | str:
    """Swing of the metric over one setting minus the largest swing over the other settings, mean over cells.

    A swing is the largest minus the smallest mean over common seeds, among the unvaried runs and the multiples ("x0.9",
    "x1.1", ...) that were tried for all of the settings. Other values are left out, because a setting with more values
    would have a larger swing by chance alone.

    Returns:
        One measurement; its ``numbers`` are the swings of each cell. Or a text that says which runs are missing.
    """
    settings = [measure["setting"], *measure["baselines"]]
    tables, rows, runs_used = {}, [], frozenset()
    for cell, group in cells_of(runs):
        for objective in measure["gloss"]:
            wide = _multiples(group, objective, settings, measure["metric"])
            if wide is not None:
                tables[cell] = wide.to_numpy()
                runs_used |= _runs(group, objective, settings, wide)
                swings = _swings(wide.to_numpy().mean(axis=0), len(settings))
                names = {"corpus": cell[0], "encoder": cell[1], "objective": objective}
                by_setting = dict(zip(settings, swings.tolist(), strict=True))
                rows.append({**names, **by_setting, "multiples": _tried(wide), "n": len(wide)})
                break
    if not tables:
        return f"no cell has the same multiples of {listed(settings)} beside its plain runs, on the same seeds"

    def lead(means: list[np.ndarray]) -> np.ndarray:
        swings = [_swings(mean, len(settings)) for mean in means]
        return np.mean([swing[..., 0] - swing[..., 1:].max(axis=-1) for swing in swings], axis=0)

    # noise alone makes the larger of two swings larger, but not the one that it is compared with
    return [over_cells(tables, lead, lambda _, means: lead([means]), symmetric=True, runs=runs_used, numbers=rows)]


def _multiples(group: pd.DataFrame, objective: str, settings: list[str], metric: str) -> pd.DataFrame | None:
    """Scores of a cell's unvaried runs and of the multiples that were tried for all settings.

    Returns:
        Shape (seeds, 1 + settings x multiples): unvaried runs first, then the multiples of each setting in the same
        order. None if no multiple was tried for all settings on common seeds.
    """
    tables = {}
    for setting in settings:
        rows = variations(group, objective, setting)
        rows = rows[(rows["value"] == "") | is_relative(rows["value"])]
        table = scores(rows, metric).join(rows["value"])
        tables[setting] = table.pivot_table("score", "seed", "value")
    common = set.intersection(*(set(table) for table in tables.values()))
    multiples = sorted(common - {""})
    if "" not in common or not multiples:
        return None
    parts = {setting: table[multiples] for setting, table in tables.items()}
    wide = pd.concat({"unvaried": tables[settings[0]][[""]], **parts}, axis=1).dropna()
    return wide if len(wide) else None


def _runs(group: pd.DataFrame, objective: str, settings: list[str], wide: pd.DataFrame) -> frozenset[tuple]:
    """The runs behind the scores that ``_multiples`` returned."""
    rows = pd.concat([variations(group, objective, setting) for setting in settings])
    return runs_of(rows[rows["value"].isin(["", *_tried(wide)]) & rows["seed"].isin(wide.index)])


def _swings(means: np.ndarray, n_settings: int) -> np.ndarray:
    """Swings, shape (..., settings), from means of shape (..., 1 + settings x multiples)."""
    unvaried, changed = means[..., :1], means[..., 1:]
    changed = changed.reshape(*changed.shape[:-1], n_settings, -1)  # (..., settings, multiples)
    unvaried = np.broadcast_to(unvaried[..., None, :], (*changed.shape[:-1], 1))
    return np.ptp(np.concatenate([unvaried, changed], axis=-1), axis=-1)


def _tried(wide: pd.DataFrame) -> list[str]:
    return list(dict.fromkeys(text for _, text in wide.columns if text))
