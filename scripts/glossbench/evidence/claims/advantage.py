"""Measures the difference between G-Loss and each baseline over paired observations."""

import math
from collections.abc import Callable
from typing import Any

import pandas as pd

from glossbench.evidence.claims.competitors import RUN, competitions, listed
from glossbench.evidence.claims.measurement import Cell, CellValue, Measurement
from glossbench.evidence.statistics.intervals import ALPHA, t_interval
from glossbench.evidence.statistics.pairs import compare, holm

UNITS = {"corpus": "corpora", "cell": "cells"}
CELL = ["corpus", "encoder"]


def measure(measure: dict[str, Any], runs: pd.DataFrame, **_: Any) -> list[Measurement] | str:
    """Mean difference or geometric mean ratio of G-Loss and each baseline, with a paired t test over corpora or cells.

    A pair is a seed that both were run with. The mean over the pairs of a cell, or of a corpus, is one observation.
    If there are too few observations for a test, the interval is over the pairs of runs and does not decide the claim.
    Contradiction uses an interval at level alpha / number of baselines, because each baseline alone can contradict.

    With ``cap``, a pair in which both runs reached the last epoch is a tie; if more than half of the pairs are ties,
    they decide nothing. One in which a single run did is a bound: it counts as it ended, and leaves open the end of
    the interval that it would move.

    Returns:
        One measurement per baseline; its ``numbers`` are the test (with p over pairs of runs as well) and the means
        of the cells. Or a text that says which runs are missing.
    """
    if "only" in measure:
        runs = runs[runs["corpus"].isin(measure["only"])]
    pairs, differ = _pairs(runs, measure)
    if not len(pairs):
        if differ:
            return f"no pair of runs on the same seed has the same {listed(measure['alike'])}"
        where = f" on {listed(measure['only'])}" if "only" in measure else ""
        wanted = f"{' or '.join(measure['gloss'])} together with any of {listed(measure['baselines'])}"
        return f"no cell has {wanted} on the same seeds{where}"
    run = [baseline for baseline in measure["baselines"] if baseline in set(pairs["baseline"])]
    missing = [baseline for baseline in measure["baselines"] if baseline not in run]
    measurements = [_measured(pairs[pairs["baseline"] == baseline], measure, len(run)) for baseline in run]
    adjusted = holm(pd.Series([one.numbers[0]["p"] for one in measurements], dtype=float))
    for one, p in zip(measurements, adjusted, strict=True):
        one.numbers[0]["p_holm"] = p
    if missing:
        reason = f"{listed(missing)} {'was' if len(missing) == 1 else 'were'} not run beside it"
        nan, runs_used = math.nan, measurements[0].runs
        measurements.append(Measurement(nan, nan, nan, 0, "", "", runs_used, missing=reason, about=missing[0]))
    return measurements


def _pairs(runs: pd.DataFrame, measure: dict[str, Any]) -> tuple[pd.DataFrame, bool]:
    """Pairs of runs.

    Returns:
        A frame with the columns corpus, encoder, seed, gloss, baseline (keys), effect (of the runs as they ended, 0
        for a tie), n_capped (how many of the two reached the cap), open_low and open_high (whether the true effect may
        be any smaller, or larger). And whether pairs were left out because their runs are not alike.
    """
    if measure["metric"] not in runs and f"test_{measure['metric']}" not in runs:
        return pd.DataFrame(), False
    caps, alike = _column(runs, measure.get("cap")), _alike(runs, measure)
    rows, differ = [], False
    for (corpus, encoder), gloss, table in competitions(runs, measure):
        for baseline in table.columns.drop(gloss):
            shared = table[[gloss, baseline]].dropna()
            if measure["as"] != "difference":
                shared = shared[(shared > 0).all(axis=1)]
            for seed, (ours, theirs) in shared.iterrows():
                keys = [(corpus, encoder, key, seed) for key in (gloss, baseline)]
                if alike and alike[keys[0]] != alike[keys[1]]:
                    differ = True
                    continue
                capped = [score >= caps.get(key, math.inf) for score, key in zip((ours, theirs), keys, strict=True)]
                larger, smaller = capped if measure["as"] != "inverse-ratio" else capped[::-1]
                rows.append(
                    {
                        "corpus": corpus,
                        "encoder": encoder,
                        "seed": seed,
                        "gloss": gloss,
                        "baseline": baseline,
                        "effect": 0.0 if all(capped) else _effect(ours, theirs, measure["as"]),
                        "n_capped": sum(capped),
                        "open_low": bool(smaller and not larger),
                        "open_high": bool(larger and not smaller),
                    }
                )
    return pd.DataFrame(rows), differ


def _column(runs: pd.DataFrame, column: str | None) -> dict[tuple, float]:
    """A column by run; empty if there is none of that name."""
    return runs.set_index(RUN)[column].dropna().to_dict() if column in runs else {}


def _alike(runs: pd.DataFrame, measure: dict[str, Any]) -> dict[tuple, tuple]:
    """What must be the same in both runs of a pair, by run; empty for published means, which do not say it."""
    columns = [column for column in measure.get("alike", []) if column in runs]
    rows = runs[[*RUN, *columns]].itertuples(index=False, name=None)
    return {row[: len(RUN)]: row[len(RUN) :] for row in rows} if columns else {}


def _effect(ours: float, theirs: float, kind: str) -> float:
    """A difference, or the logarithm of a ratio; the mean of the logarithms is the logarithm of the geometric mean."""
    if kind == "difference":
        return ours - theirs
    return math.log(ours / theirs) if kind == "ratio" else math.log(theirs / ours)


def _measured(pairs: pd.DataFrame, measure: dict[str, Any], baselines: int) -> Measurement:
    """The measurement against one baseline."""
    unit = UNITS[measure["per"]]
    observed = pairs.groupby(CELL)["effect"].mean()
    if measure["per"] == "corpus":
        observed = observed.groupby("corpus").mean()
    tests = compare(observed.to_numpy(), unit)
    missing, low, high, wide = "", tests["low"], tests["high"], None
    interval = f"95 % of a paired t test over {unit}"
    if math.isnan(tests["t"]):
        missing = tests["reason"]
        low, high = t_interval(pairs["effect"])
        interval = "95 % of a paired t test over pairs of runs"
    else:
        wide = _opened(*t_interval(observed, 1 - ALPHA / baselines), pairs)
    ties = int((pairs["n_capped"] == 2).sum())
    if 2 * ties > len(pairs):
        missing = f"in {ties} of {len(pairs)} pairs both runs trained to the last allowed epoch"
    low, high = _opened(low, high, pairs)
    back = float if measure["as"] == "difference" else math.exp
    return Measurement(
        back(observed.mean()),
        back(low),
        back(high),
        n=len(observed),
        unit=unit,
        interval=interval,
        runs=_runs(pairs),
        cells=_in_cells(pairs, back),
        missing=missing,
        about=pairs["baseline"].iloc[0],
        wide=tuple(back(bound) for bound in wide) if wide else None,
        numbers=[_test(pairs, observed, tests, back), *_means(pairs, back)],
    )


def _opened(low: float, high: float, pairs: pd.DataFrame) -> tuple[float, float]:
    """An interval of effects, open where a pair is only a bound."""
    return -math.inf if pairs["open_low"].any() else low, math.inf if pairs["open_high"].any() else high


def _in_cells(pairs: pd.DataFrame, back: Callable) -> dict[Cell, CellValue]:
    values = {}
    for cell, own in pairs.groupby(CELL):
        mean = own["effect"].mean()
        low, high = _opened(mean, mean, own)
        values[cell] = CellValue(back(low), back(high), len(own))
    return values


def _runs(pairs: pd.DataFrame) -> frozenset[tuple]:
    sides = (
        pairs[["corpus", "encoder", side, "seed"]].itertuples(index=False, name=None) for side in ("gloss", "baseline")
    )
    return frozenset(run for side in sides for run in side)


def _test(pairs: pd.DataFrame, observed: pd.Series, tests: dict, back: Callable) -> dict[str, Any]:
    """The test against one baseline, over the observations and, as in the paper, over pairs of runs."""
    counts = {"n_ties": int((pairs["n_capped"] == 2).sum()), "n_bounds": int((pairs["n_capped"] == 1).sum())}
    return {
        "baseline": pairs["baseline"].iloc[0],
        "value": back(observed.mean()),
        "n": len(observed),
        **{name: tests[name] for name in ("t", "p", "wilcoxon_p", "effect_size")},
        "p_over_runs": compare(pairs["effect"].to_numpy(), "runs")["p"],
        "n_over_runs": len(pairs),
        **(counts if any(counts.values()) else {}),
    }


def _means(pairs: pd.DataFrame, back: Callable) -> list[dict[str, Any]]:
    keys = ["corpus", "encoder", "gloss", "baseline"]
    means = pairs.groupby(keys)["effect"].mean().map(back)
    return means.rename("value").reset_index().to_dict("records")
