"""What a random search of n trials can expect: its best validation score, and the test scores of the trial it chooses.

Dodge et al. (2019) estimate the expected best from draws with replacement, which is too low. The mean over all subsets
of n trials is unbiased (Tang et al. 2020), and here in closed form.
"""

import numpy as np
import pandas as pd

from glossbench.evidence.text.names import arrange
from glossbench.frames import LINE, PANEL

CURVE = [*LINE, "score"]
BAND = (0.1, 0.9)  # quantiles over subsets
TESTED = ["test_accuracy", "test_macro_f1"]  # columns of trials whose study keeps test scores
SCORES = {
    "val_macro_f1": "validation macro-F1", "val_macro_silhouette": "validation macro-silhouette",
    "test_accuracy": "test accuracy", "test_macro_f1": "test macro-F1",
}  # fmt: skip
LEFT_OUT = ["n_pruned", "n_failed", "n_start"]
COLUMNS = [*CURVE, "n", "mean", "low", "high", "n_trials", *LEFT_OUT]


def expected_scores(trials: pd.DataFrame) -> pd.DataFrame:
    """Scores that each search can expect after n trials.

    The trials that count as independent draws of the search space are the complete ones whose settings were not given
    by ``start_from``. A draw of the settings of an earlier trial counts with the result that it took over.

    Args:
        trials: Rows of trials.parquet; ``start`` and the columns ``TESTED`` may be missing.

    Returns:
        One row per search (protocol, corpus, encoder, objective), score and n = 1 ... n_trials, the number of draws:
        mean, low and high (quantiles ``BAND``) over all subsets of n draws, as fractions. The score is the validation
        score, of which a subset has its best, or a test score, of which it has that of the trial that is best by
        validation (no rows if a draw lacks it). n_pruned, n_failed and n_start count the trials that are left out.
    """
    parts = []
    for key, search in arrange(trials, [*LINE, "trial"]).groupby(LINE, sort=False):
        given = search["start"]
        draws = search[(search["state"] == "complete") & ~given].dropna(subset="value")
        ended = search.loc[~given, "state"].value_counts()
        counts = {f"n_{state}": int(ended.get(state, 0)) for state in ("pruned", "failed")} | {"n_start": given.sum()}
        about = dict(zip(LINE, key, strict=True)) | counts | {"n_trials": len(draws)}
        for score in [search["score"].iloc[0], *(name for name in TESTED if name in search)]:
            results = draws[score if score in TESTED else "value"]
            if len(draws) and results.notna().all():
                found = dict(zip(["mean", "low", "high"], of_best(draws["value"], results), strict=True))
                parts.append(pd.DataFrame({**about, "score": score, "n": np.arange(1, len(draws) + 1), **found}))
    return pd.concat(parts, ignore_index=True)[COLUMNS] if parts else pd.DataFrame(columns=COLUMNS)


def of_best(values: pd.Series, results: pd.Series) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean, low and high, over all subsets of n = 1 ... N trials, of the result of the trial with the highest value.

    Args:
        values: The N trials' scores by which a search chooses.
        results: What is asked of the chosen trial. Any of the trials with equal values may be the chosen one.
    """
    results = results.groupby(values).transform("mean").to_numpy()[np.argsort(values, kind="stable")]
    weights, order = chances(len(results)), np.argsort(results, kind="stable")
    reached = weights[:, order].cumsum(axis=1)
    # the share of a quantile may be missed by rounding
    low, high = (results[order][(reached >= quantile - 1e-9).argmax(axis=1)] for quantile in BAND)
    return (weights * results).sum(axis=1), low, high


def chances(total: int) -> np.ndarray:
    """Chances that the i-th lowest of ``total`` values is the highest of n that are drawn without replacement.

    Returns:
        Array (total, total), n in rows and i in columns, both from 1: C(i - 1, n - 1) / C(total, n). Rows sum to one.
    """
    n, place = np.arange(1, total + 1)[:, None], np.arange(total, 0, -1)
    # all n are below place i with chance C(i - 1, n) / C(total, n), which is that of place i + 1 times (i - n) / i
    below = np.cumprod(np.clip((place - n) / place, 0, None), axis=1)
    return -np.diff(below, prepend=1)[:, ::-1]


def with_overtaking(table: pd.DataFrame, against: list[str]) -> pd.DataFrame:
    """Expected scores with a column ``overtakes``.

    It is the number of trials from which on an objective's mean is above that of the objective of ``against`` in the
    same protocol, corpus and encoder, up to the largest number that both have; missing if it is not ahead there.
    """
    cell = [*PANEL, "score", "n"]
    theirs = table.loc[table["objective"].isin(against), [*cell, "mean"]]
    both = table.merge(theirs, on=cell, suffixes=("", "_theirs"))
    line = [both[key] for key in CURVE]
    first = both["n"].where(both["mean"] <= both["mean_theirs"]).groupby(line).max().fillna(0) + 1
    return table.join(first.where(first <= both["n"].groupby(line).max()).rename("overtakes"), on=CURVE)
