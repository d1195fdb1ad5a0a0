"""Measures in how many cells G-Loss has the highest mean."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from glossbench.evidence.claims.competitors import behind, competitions, listed
from glossbench.evidence.claims.measurement import Measurement, over_cells


def measure(measure: dict[str, Any], runs: pd.DataFrame, **_: Any) -> list[Measurement] | str:
    """Share of cells in which G-Loss has a higher mean than every baseline, over the seeds that all were run with.

    A cell counts if all baselines were run. A cell with equal means is not won. With one seed in every cell, as in
    published tables, the interval is that of a share of cells won by chance.

    Returns:
        One measurement; its ``numbers`` are the means and the best baseline of each cell, and the p value of a sign
        test: the probability of winning at least as many cells if each were won with probability 1/2. Or a text that
        says which runs are missing.
    """
    scores, rows, runs_used = {}, [], set()
    for cell, gloss, table in competitions(runs, measure):
        shared = table.dropna()
        if len(table.columns) == 1 + len(measure["baselines"]) and len(shared):
            means = shared.mean()
            best = means.drop(gloss).idxmax()
            names = {"corpus": cell[0], "encoder": cell[1], "gloss": gloss, "best_baseline": best}
            rows.append({**names, "mean": means[gloss], "baseline_mean": means[best], "n": len(shared)})
            scores[cell] = shared.to_numpy()
            runs_used |= behind(cell, shared)
    if not scores:
        wanted = f"{' or '.join(measure['gloss'])} together with {listed(measure['baselines'])}"
        return f"no cell has {wanted} on the same seeds"
    won = sum(row["mean"] > row["baseline_mean"] for row in rows)
    sign = stats.binomtest(won, len(scores), alternative="greater").pvalue
    numbers = [*rows, {"p_sign_test": float(sign)}]
    found = over_cells(
        scores, share_won, lambda _, means: share_won([means]), runs=frozenset(runs_used), numbers=numbers
    )
    if max(map(len, scores.values())) == 1:
        interval = stats.binomtest(won, len(scores)).proportion_ci(method="exact")
        kind = "95 % exact binomial over cells"
        found = replace(found, low=float(interval.low), high=float(interval.high), interval=kind)
    return [found]


def share_won(means: list[np.ndarray]) -> np.ndarray:
    """Share of cells in which the first objective has the highest mean.

    Args:
        means: For each cell, mean scores of shape (..., objectives).

    Returns:
        Shape (...).
    """
    return np.mean([mean[..., 0] > mean[..., 1:].max(axis=-1) for mean in means], axis=0)
