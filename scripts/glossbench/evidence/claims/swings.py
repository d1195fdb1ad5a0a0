"""Which of several settings moves a metric most when it alone is changed."""

from typing import Any

import numpy as np
import pandas as pd

from glossbench.evidence.claims.cells_won import too_few
from glossbench.evidence.claims.competitors import behind, cells_of, listed
from glossbench.evidence.claims.measurement import OVER_SEEDS, Measurement
from glossbench.evidence.selection import is_relative, variations
from glossbench.evidence.statistics.intervals import seeds_interval
from glossbench.evidence.statistics.scores import scores


def measure(measure: dict[str, Any], needs: dict[str, Any], runs: pd.DataFrame, **_: Any) -> list[Measurement] | str:
    """Swing of the metric over the setting less the largest over its baselines, mean over cells.

    A swing is the largest less the smallest mean over common seeds, among the plain runs and the multiples ("x0.9",
    "x1.1", ...) that were tried for every one of the settings: more values would make a larger swing by chance
    alone. numbers: the swings of each cell.
    """
    settings = [measure["setting"], *measure["baselines"]]
    cells, tables, rows, runs_behind = [], [], [], set()
    for cell, group in cells_of(runs):
        for objective in measure["gloss"]:
            wide = _multiples(group, objective, settings, measure["metric"])
            if wide is not None:
                cells.append(cell)
                tables.append(wide.to_numpy())
                runs_behind |= behind(cell, wide)
                swings = _swings(wide.to_numpy().mean(axis=0), len(settings))
                names = {"corpus": cell[0], "encoder": cell[1], "objective": objective}
                by_setting = dict(zip(settings, swings.tolist(), strict=True))
                rows.append({**names, **by_setting, "multiples": _tried(wide), "n": len(wide)})
                break
    if not cells:
        return f"no cell has the same multiples of {listed(settings)} beside its plain runs, on the same seeds"

    def lead(means: list[np.ndarray]) -> np.ndarray:
        swings = [_swings(mean, len(settings)) for mean in means]
        return np.mean([swing[..., 0] - swing[..., 1:].max(axis=-1) for swing in swings], axis=0)

    low, high = seeds_interval(tables, lead)
    return [
        Measurement(
            float(lead([table.mean(axis=0) for table in tables])),
            low,
            high,
            n=len(cells),
            unit="cells",
            interval=OVER_SEEDS,
            runs=frozenset(runs_behind),
            missing=too_few(tables, needs),
            numbers=rows,
        )
    ]


def _multiples(group: pd.DataFrame, objective: str, settings: list[str], metric: str) -> pd.DataFrame | None:
    """Scores (seeds, 1 + settings x multiples): plain runs first, then each setting's multiples in one order."""
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
    wide = pd.concat({"plain": tables[settings[0]][[""]], **parts}, axis=1).dropna()
    return wide if len(wide) else None


def _swings(means: np.ndarray, n_settings: int) -> np.ndarray:
    """(..., settings) from means (..., 1 + settings x multiples)."""
    plain, changed = means[..., :1], means[..., 1:]
    changed = changed.reshape(*changed.shape[:-1], n_settings, -1)
    reach = np.concatenate([np.broadcast_to(plain[..., None, :], (*changed.shape[:-1], 1)), changed], axis=-1)
    return np.ptp(reach, axis=-1)


def _tried(wide: pd.DataFrame) -> list[str]:
    return list(dict.fromkeys(text for _, text in wide.columns if text))
