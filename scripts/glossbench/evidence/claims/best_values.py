"""Measures in how many cells the best value of a setting lies in the claimed band."""

import json
import math
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from glossbench.evidence.claims.competitors import cells_of, runs_of
from glossbench.evidence.claims.measurement import CellValue, Measurement, over_cells
from glossbench.evidence.selection import variations
from glossbench.evidence.statistics.intervals import ALPHA
from glossbench.evidence.statistics.scores import scores

DECIMALS = 9  # numbers are rounded before they are compared, so that 0.1 + 0.2 equals 0.3
FEWEST_VALUES = 3  # of two values one is the best, but of which band?


def measure(
    measure: dict[str, Any], runs: pd.DataFrame, trials: pd.DataFrame | None = None, **_: Any
) -> list[Measurement] | str:
    """Share of cells whose best value, by the mean over common seeds, lies in the band.

    A cell was swept if one objective was run with at least three values, inside and outside the band, while no other
    setting was varied. It counts if the values differ by more than the seeds do (Friedman's test over the seeds at
    5 %): where a setting has no effect, its best value is chance. If several values are equally good, the cell counts
    by the share of them in the band. If no cell was swept, the best trials of searches whose space reaches beyond the
    band are used instead, one per search. A search has one seed, so that it shows a share but does not decide the
    claim. The share must exceed that of a random choice among the values tried.

    Returns:
        One measurement; its ``numbers`` are the best value of each cell, with Friedman's p, and of each search. Or a
        text that says which runs are missing.
    """
    searched = _searches(trials, measure)
    swept = _sweeps(runs, measure)
    if swept:
        return [_from_sweeps(swept, searched, measure)]
    if searched:
        return [_from_searches(searched)]
    low, high = measure["band"]
    return f"no cell tries three values of {measure['setting']} within and outside {low} - {high}, and no search does"


def _from_sweeps(swept: list[tuple], searched: list[dict[str, Any]], measure: dict[str, Any]) -> Measurement:
    rows = [row for _, _, row, _ in swept] + searched
    counting = [sweep for sweep in swept if sweep[2]["effect"]]
    nothing = "" if counting else f"in no cell does {measure['setting']} change the metric more than seeds do"
    swept = counting or swept
    within = {cell: _inside(table.columns, measure["band"]) for cell, table, *_ in swept}

    def share(means: list[np.ndarray]) -> np.ndarray:
        return np.mean([_credit(mean, own) for mean, own in zip(means, within.values(), strict=True)], axis=0)

    return over_cells(
        {cell: table.to_numpy() for cell, table, *_ in swept},
        share,
        lambda cell, means: _credit(means, within[cell]),
        runs=frozenset().union(*(runs for *_, runs in swept)),
        at_least=float(np.mean([own.mean() for own in within.values()])),
        missing=nothing,
        numbers=rows,
    )


def _sweeps(runs: pd.DataFrame, measure: dict[str, Any]) -> list[tuple]:
    """For each cell that was swept: (corpus, encoder), scores (seeds, values), its row of ``numbers``, its runs."""
    setting, sweeps = measure["setting"], []
    if setting not in runs:
        return sweeps
    for cell, group in cells_of(runs):
        for objective in measure["gloss"]:
            rows = variations(group, objective, setting)
            values = rows[setting].round(DECIMALS).rename("value")
            table = scores(rows, measure["metric"]).join(values).dropna(subset="value")
            table = table.pivot_table("score", "seed", "value").dropna()
            inside = _inside(table.columns, measure["band"])
            if len(table) and len(inside) >= FEWEST_VALUES and inside.any() and not inside.all():
                best = float(table.mean().idxmax())
                names = {"corpus": cell[0], "encoder": cell[1], "objective": objective, "from": "runs"}
                tried = [float(value) for value in table.columns]
                p = _friedman_p(table.to_numpy())
                row = {**names, "best": best, "tried": tried, "n": len(table), "p": p, "effect": p < ALPHA}
                sweeps.append((cell, table, row, runs_of(rows[rows["seed"].isin(table.index)])))
                break
    return sweeps


def _friedman_p(scores: np.ndarray) -> float:
    """p value of Friedman's test that all columns of (seeds, values) are alike; 1 if they are the same."""
    scores = scores.round(DECIMALS)
    if (np.ptp(scores, axis=1) == 0).all():
        return 1.0
    return float(stats.friedmanchisquare(*scores.T).pvalue)


def _searches(trials: pd.DataFrame | None, measure: dict[str, Any]) -> list[dict[str, Any]]:
    """A row for each search whose space has values inside and outside the band, with the best value."""
    if trials is None or measure["setting"] not in trials:
        return []
    best = trials[trials["best"].astype(bool) & trials["base"].isin(measure["gloss"])].dropna(subset=measure["setting"])
    rows = []
    for trial in best.to_dict("records"):
        space = json.loads(trial["space"]).get(measure["setting"], {})
        chance = chance_in_band(space, measure["band"])
        if 0 < chance < 1:
            value = float(trial[measure["setting"]])
            names = {key: trial[key] for key in ("corpus", "encoder", "objective")}
            inside = bool(_inside([value], measure["band"])[0])
            rows.append({**names, "from": "search", "best": value, "inside": inside, "chance": chance})
    return rows


def chance_in_band(space: dict[str, Any], band: list[float]) -> float:
    """Probability that a random draw from a search space falls into a band.

    Args:
        space: ``choices``, or ``low`` and ``high`` with ``step`` or ``log``.
        band: Lower and upper bound, both included.
    """
    if "choices" in space:
        return float(_inside([choice for choice in space["choices"] if not isinstance(choice, str)], band).mean())
    if "low" not in space:
        return 0.0
    if space.get("step"):
        steps = round((space["high"] - space["low"]) / space["step"])
        return float(_inside(space["low"] + space["step"] * np.arange(steps + 1), band).mean())
    scale = math.log if space.get("log") else float
    low, high = scale(space["low"]), scale(space["high"])
    lower, upper = max(low, scale(band[0])), min(high, scale(band[1]))
    return max(0.0, upper - lower) / (high - low) if high > low else 0.0


def _from_searches(searched: list[dict[str, Any]]) -> Measurement:
    wins, n = sum(row["inside"] for row in searched), len(searched)
    interval = stats.binomtest(wins, n).proportion_ci(method="exact")
    cells: dict[tuple[str, str], list[bool]] = {}
    for row in searched:
        cells.setdefault((row["corpus"], row["encoder"]), []).append(row["inside"])
    return Measurement(
        wins / n,
        float(interval.low),
        float(interval.high),
        n=n,
        unit="searches",
        interval="95 % exact binomial over searches",
        runs=frozenset((row["corpus"], row["encoder"], row["objective"]) for row in searched),
        cells={cell: CellValue(float(all(found)), float(all(found)), seeds=1) for cell, found in cells.items()},
        at_least=float(np.mean([row["chance"] for row in searched])),
        numbers=searched,
    )


def _inside(values: Any, band: list[float]) -> np.ndarray:
    values = np.round(np.asarray(values, dtype=float), DECIMALS)
    return (values >= band[0]) & (values <= band[1])


def _credit(means: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """The share of the best values that lie inside the band; 1 or 0 unless several values are equally good.

    Args:
        means: Mean scores, shape (..., values).
        inside: Whether each value lies inside the band, shape (values,).

    Returns:
        Shape (...).
    """
    best = np.isclose(means, means.max(axis=-1, keepdims=True), rtol=0, atol=10**-DECIMALS)
    return (best & inside).sum(axis=-1) / best.sum(axis=-1)
