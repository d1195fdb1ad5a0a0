"""Measures what changes of settings do: where the best value of one lies, and which of several moves a metric most."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from glossbench.evidence.claims.measurement import CellKey, Measurement, cells_of, over_cells, runs_of
from glossbench.evidence.selection import is_relative, variations
from glossbench.evidence.statistics.intervals import ALPHA
from glossbench.evidence.statistics.scores import scores_of_runs
from glossbench.evidence.text.names import listed
from glossbench.frames import EXPERIMENT
from glossbench.settings.claims import Measure

DECIMALS = 9  # numbers are rounded before they are compared, so that 0.1 + 0.2 equals 0.3
FEWEST_VALUES = 3  # of two values one is the best, but of which band?


def best_values(measure: Measure, runs: pd.DataFrame, **_: Any) -> list[Measurement] | str:
    """Share of cells whose best value, by the mean over common seeds, lies in the band.

    A cell was swept if one objective was run with at least three values, inside and outside the band, while no other
    setting was varied. It counts if the values differ by more than the seeds do (Friedman's test over the seeds at
    5 %): where a setting has no effect, its best value is chance. If several values are equally good, the cell counts
    by the share of them in the band. The share must exceed that of a random choice among the values tried.

    Returns:
        One measurement; its ``numbers`` are the best value of each cell, with Friedman's p. Or a text that says which
        runs are missing.
    """
    setting, band = measure.setting, measure.band
    tables, rows, used = {}, {}, {}
    for cell, objective, table, behind in _swept(runs, measure, lambda *of: _values(*of, measure)):
        scored = table.to_numpy().round(DECIMALS)
        p = 1.0 if (np.ptp(scored, axis=1) == 0).all() else float(stats.friedmanchisquare(*scored.T).pvalue)
        best = {"best": float(table.mean().idxmax()), "tried": [float(value) for value in table.columns]}
        tables[cell], used[cell] = table, runs_of(behind)
        rows[cell] = {**objective, **best, "n": len(table), "p": p, "effect": p < ALPHA}
    if not tables:
        return f"no cell tries three values of {setting} within and outside {band[0]} - {band[1]}"
    counting = [cell for cell in tables if rows[cell]["effect"]]
    within = {cell: _inside(tables[cell].columns, band) for cell in counting or tables}

    def share(means: list[np.ndarray]) -> np.ndarray:
        return np.mean([_credit(mean, own) for mean, own in zip(means, within.values(), strict=True)], axis=0)

    found = over_cells(
        {cell: tables[cell].to_numpy() for cell in within},
        share,
        lambda cell, means: _credit(means, within[cell]),
        runs=frozenset().union(*(used[cell] for cell in within)),
        at_least=float(np.mean([own.mean() for own in within.values()])),
        missing="" if counting else f"in no cell does {setting} change the metric more than seeds do",
        numbers=[*rows.values()],
    )
    return [found]


def swings(measure: Measure, runs: pd.DataFrame, **_: Any) -> list[Measurement] | str:
    """Swing of the metric over one setting minus the largest swing over the other settings, mean over cells.

    A swing is the largest minus the smallest mean over common seeds, among the unvaried runs and the multiples ("x0.9",
    "x1.1", ...) that were tried for all of the settings. Other values are left out, because a setting with more values
    would have a larger swing by chance alone.

    Returns:
        One measurement; its ``numbers`` are the swings of each cell. Or a text that says which runs are missing.
    """
    settings = [measure.setting, *measure.baselines]
    tables, rows, used = {}, [], frozenset()
    for cell, objective, table, behind in _swept(runs, measure, lambda *of: _multiples(*of, settings, measure.metric)):
        tables[cell], used = table.to_numpy(), used | runs_of(behind)
        by_setting = dict(zip(settings, _swings(tables[cell].mean(axis=0), len(settings)).tolist(), strict=True))
        multiples = sorted(set(behind["value"]) - {""})
        rows.append({**objective, **by_setting, "multiples": multiples, "n": len(table)})
    if not tables:
        return f"no cell has the same multiples of {listed(settings)} beside its unvaried runs, on the same seeds"

    def lead(means: list[np.ndarray]) -> np.ndarray:
        swings = [_swings(mean, len(settings)) for mean in means]
        return np.mean([swing[..., 0] - swing[..., 1:].max(axis=-1) for swing in swings], axis=0)

    # noise alone makes the larger of two swings larger, but not the one that it is compared with
    return [over_cells(tables, lead, symmetric=True, runs=used, numbers=rows)]


# Scores of shape (seeds, columns), and the runs behind them.
Found = tuple[pd.DataFrame, pd.DataFrame]


def _swept(
    runs: pd.DataFrame, measure: Measure, find: Callable[[pd.DataFrame, str], Found | None]
) -> Iterator[tuple[CellKey, dict[str, str], pd.DataFrame, pd.DataFrame]]:
    """For each cell, the first objective in whose runs ``find`` finds something, with its names, and what it finds."""
    for cell, group in cells_of(runs):
        all_found = ((objective, find(group, objective)) for objective in measure.gloss)
        for objective, found in (one for one in all_found if one[1] is not None):
            yield cell, dict(zip(EXPERIMENT, [*cell, objective], strict=True)), *found
            break


def _values(group: pd.DataFrame, objective: str, measure: Measure) -> Found | None:
    """Scores (seeds, values) of a cell in which a setting was swept."""
    setting = measure.setting
    if setting not in group:
        return None
    rows = variations(group, objective, setting)
    table = scores_of_runs(rows, measure.metric).join(rows[setting].round(DECIMALS).rename("value"))
    table = table.dropna(subset="value").pivot_table("score", "seed", "value").dropna()
    inside = _inside(table.columns, measure.band)
    swept = len(table) and len(inside) >= FEWEST_VALUES and inside.any() and not inside.all()
    return (table, rows[rows["seed"].isin(table.index)]) if swept else None


def _inside(values: Any, band: Sequence[float]) -> np.ndarray:
    values = np.round(np.asarray(values, dtype=float), DECIMALS)
    return (values >= band[0]) & (values <= band[1])


def _credit(means: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """The share, shape (...), of the best of means (..., values) that is inside; 1 or 0 unless several are the best."""
    best = np.isclose(means, means.max(axis=-1, keepdims=True), rtol=0, atol=10**-DECIMALS)
    return (best & inside).sum(axis=-1) / best.sum(axis=-1)


def _multiples(group: pd.DataFrame, objective: str, settings: list[str], metric: str) -> Found | None:
    """Scores (seeds, 1 + settings x multiples) of unvaried runs, and of the multiples that were tried for all settings.

    The multiples of each setting are in the same order. None if none was tried for all settings on common seeds.
    """
    rows = pd.concat({setting: variations(group, objective, setting) for setting in settings})
    rows = rows[(rows["value"] == "") | is_relative(rows["value"])]
    tables = [
        scores_of_runs(own, metric).join(own["value"]).pivot_table("score", "seed", "value")
        for _, own in rows.groupby(level=0, sort=False)
    ]
    common = set.intersection(*map(set, tables)) if len(tables) == len(settings) else set()
    multiples = sorted(common - {""})
    if "" not in common or not multiples:
        return None
    wide = pd.concat([tables[0][[""]], *(table[multiples] for table in tables)], axis=1).dropna()
    behind = rows[rows["value"].isin(["", *multiples]) & rows["seed"].isin(wide.index)]
    return (wide, behind) if len(wide) else None


def _swings(means: np.ndarray, n_settings: int) -> np.ndarray:
    """Swings, shape (..., settings), from means of shape (..., 1 + settings x multiples)."""
    unvaried, changed = means[..., :1], means[..., 1:]
    changed = changed.reshape(*changed.shape[:-1], n_settings, -1)  # (..., settings, multiples)
    unvaried = np.broadcast_to(unvaried[..., None, :], (*changed.shape[:-1], 1))
    return np.ptp(np.concatenate([unvaried, changed], axis=-1), axis=-1)
