"""In how many cells G-Loss has the highest mean."""

from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from glossbench.evidence.claims.competitors import behind, competitions, listed
from glossbench.evidence.claims.measurement import OVER_SEEDS, Measurement
from glossbench.evidence.statistics.intervals import seeds_interval


def measure(measure: dict[str, Any], needs: dict[str, Any], runs: pd.DataFrame, **_: Any) -> list[Measurement] | str:
    """Share of cells in which G-Loss has a higher mean than every baseline, over the seeds that all were run with.

    A cell counts where all baselines were run; equal means are not won. Each cell's row has its means and winner, and
    the p value of winning as many cells if each were a toss-up, as a number for readers beyond these cells.
    """
    cells, scores, rows, runs_behind = [], [], [], set()
    for cell, gloss, table in competitions(runs, measure):
        shared = table.dropna()
        if len(table.columns) == 1 + len(measure["baselines"]) and len(shared):
            means = shared.mean()
            best = means.drop(gloss).idxmax()
            names = {"corpus": cell[0], "encoder": cell[1], "gloss": gloss, "best_baseline": best}
            rows.append({**names, "mean": means[gloss], "baseline_mean": means[best], "n": len(shared)})
            cells.append(cell)
            scores.append(shared.to_numpy())
            runs_behind |= behind(cell, shared)
    if not cells:
        wanted = f"{' or '.join(measure['gloss'])} together with {listed(measure['baselines'])}"
        return f"no cell has {wanted} on the same seeds"
    value = float(share_won([cell.mean(axis=0) for cell in scores]))
    low, high = seeds_interval(scores, share_won)
    sign = stats.binomtest(round(value * len(cells)), len(cells), alternative="greater").pvalue
    return [
        Measurement(
            value,
            low,
            high,
            n=len(cells),
            unit="cells",
            interval=OVER_SEEDS,
            runs=frozenset(runs_behind),
            missing=too_few(scores, needs),
            numbers=[*rows, {"p_sign_test": float(sign)}],
        )
    ]


def share_won(means: list[np.ndarray]) -> np.ndarray:
    """Share of cells whose first column lies above all others; means: (..., objectives) for each cell."""
    return np.mean([mean[..., 0] > mean[..., 1:].max(axis=-1) for mean in means], axis=0)


def too_few(scores: list[np.ndarray], needs: dict[str, Any]) -> str:
    """What is missing for a verdict on cells with these scores (seeds, objectives), or nothing."""
    if len(scores) < needs["cells"]:
        return f"{len(scores)} of the {needs['cells']} cells that a verdict needs"
    fewest = min(len(cell) for cell in scores)
    if fewest < needs["seeds"]:
        return f"a cell has {fewest} of the {needs['seeds']} common seeds that a verdict needs"
    return ""
