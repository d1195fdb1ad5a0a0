"""Measures the difference between G-Loss and each baseline over paired observations."""

import math
from collections.abc import Callable
from typing import Any

import pandas as pd

from glossbench.evidence.claims.competitors import competitions, listed
from glossbench.evidence.claims.measurement import Measurement
from glossbench.evidence.statistics.intervals import ALPHA, t_interval
from glossbench.evidence.statistics.pairs import compare, holm

UNITS = {"corpus": "corpora", "cell": "cells"}


def measure(measure: dict[str, Any], needs: dict[str, Any], runs: pd.DataFrame, **_: Any) -> list[Measurement] | str:
    """Mean difference or geometric mean ratio of G-Loss and each baseline, with a paired t test over corpora or cells.

    A pair is a seed that both were run with. The mean over the pairs of a cell, or of a corpus, is one observation.
    With fewer observations than needed, the interval is over the pairs of runs and does not decide the claim.
    Contradiction uses an interval at level alpha / number of baselines, because each baseline alone can contradict.

    Returns:
        One measurement per baseline; its ``numbers`` are the test (with p over pairs of runs as well) and the means
        of the cells. Or a text that says which runs are missing.
    """
    if "only" in measure:
        runs = runs[runs["corpus"].isin(measure["only"])]
    pairs = _pairs(runs, measure)
    if not len(pairs):
        where = f" on {listed(measure['only'])}" if "only" in measure else ""
        wanted = f"{' or '.join(measure['gloss'])} together with any of {listed(measure['baselines'])}"
        return f"no cell has {wanted} on the same seeds{where}"
    run = [baseline for baseline in measure["baselines"] if baseline in set(pairs["baseline"])]
    missing = [baseline for baseline in measure["baselines"] if baseline not in run]
    measurements = [_measured(pairs[pairs["baseline"] == baseline], measure, needs, len(run)) for baseline in run]
    measurements = [one for one in measurements if one]
    if not measurements:
        return "every run was cut off at its last epoch: where training would have stopped was not seen"
    adjusted = holm(pd.Series([one.numbers[0]["p"] for one in measurements], dtype=float))
    for one, p in zip(measurements, adjusted, strict=True):
        one.numbers[0]["p_holm"] = p
    if missing:
        reason = f"{listed(missing)} {'was' if len(missing) == 1 else 'were'} not run beside it"
        nan, runs_used = math.nan, measurements[0].runs
        measurements.append(Measurement(nan, nan, nan, 0, "", "", runs_used, reason, about=missing[0]))
    return measurements


def _pairs(runs: pd.DataFrame, measure: dict[str, Any]) -> pd.DataFrame:
    """Pairs of runs.

    Returns:
        Columns corpus, encoder, seed, gloss, baseline (keys), ours, theirs (scores), capped (whether both reached the
        cap) and effect.
    """
    if measure["metric"] not in runs and f"test_{measure['metric']}" not in runs:
        return pd.DataFrame()
    caps = _caps(runs, measure)
    rows = []
    for (corpus, encoder), gloss, table in competitions(runs, measure):
        for baseline in table.columns.drop(gloss):
            shared = table[[gloss, baseline]].dropna()
            if measure["as"] != "difference":
                shared = shared[(shared > 0).all(axis=1)]
            for seed, (ours, theirs) in shared.iterrows():
                limits = [caps.get((corpus, encoder, key, seed), math.inf) for key in (gloss, baseline)]
                rows.append(
                    {
                        "corpus": corpus,
                        "encoder": encoder,
                        "seed": seed,
                        "gloss": gloss,
                        "baseline": baseline,
                        "ours": ours,
                        "theirs": theirs,
                        "capped": ours >= limits[0] and theirs >= limits[1],
                        "effect": _effect(ours, theirs, measure["as"]),
                    }
                )
    return pd.DataFrame(rows)


def _caps(runs: pd.DataFrame, measure: dict[str, Any]) -> dict[tuple, float]:
    if measure.get("cap") not in runs:
        return {}
    keys = ["corpus", "encoder", "objective", "seed"]
    return runs.set_index(keys)[measure["cap"]].dropna().to_dict()


def _effect(ours: float, theirs: float, kind: str) -> float:
    """A difference, or the logarithm of a ratio; the mean of the logarithms is the logarithm of the geometric mean."""
    if kind == "difference":
        return ours - theirs
    return math.log(ours / theirs) if kind == "ratio" else math.log(theirs / ours)


def _measured(
    pairs: pd.DataFrame, measure: dict[str, Any], needs: dict[str, Any], baselines: int
) -> Measurement | None:
    """The measurement against one baseline; None if all of its pairs reached the cap."""
    kept = pairs[~pairs["capped"]]
    if not len(kept):
        return None
    unit = UNITS[measure["per"]]
    observed = kept.groupby(["corpus", "encoder"])["effect"].mean()
    if measure["per"] == "corpus":
        observed = observed.groupby("corpus").mean()
    tests = compare(observed.to_numpy(), unit)
    missing, low, high, wide = "", tests["low"], tests["high"], None
    interval = f"95 % of a paired t test over {unit}"
    if len(observed) < needs["cells"]:
        missing = f"{len(observed)} of the {needs['cells']} {unit} that a verdict needs"
        low, high = t_interval(kept["effect"])
        interval = "95 % of a paired t test over pairs of runs"
    elif (fewest := int(kept.groupby(["corpus", "encoder"]).size().min())) < needs["seeds"]:
        missing = f"a cell has {fewest} of the {needs['seeds']} common seeds that a verdict needs"
    elif math.isnan(tests["t"]):
        missing = tests["reason"]
    else:
        wide = t_interval(observed, 1 - ALPHA / baselines)
    back = float if measure["as"] == "difference" else math.exp
    return Measurement(
        back(observed.mean()),
        back(low),
        back(high),
        n=len(observed),
        unit=unit,
        interval=interval,
        runs=_runs(kept),
        missing=missing,
        about=pairs["baseline"].iloc[0],
        wide=tuple(back(bound) for bound in wide) if wide else None,
        numbers=[_test(pairs, kept, observed, tests, back), *_cells(kept, back)],
    )


def _runs(kept: pd.DataFrame) -> frozenset[tuple]:
    sides = (
        kept[["corpus", "encoder", side, "seed"]].itertuples(index=False, name=None) for side in ("gloss", "baseline")
    )
    return frozenset(run for side in sides for run in side)


def _test(pairs: pd.DataFrame, kept: pd.DataFrame, observed: pd.Series, tests: dict, back: Callable) -> dict[str, Any]:
    """The test against one baseline, over the observations and, as in the paper, over pairs of runs."""
    cut_off = int(pairs["capped"].sum())
    return {
        "baseline": pairs["baseline"].iloc[0],
        "value": back(observed.mean()),
        "n": len(observed),
        **{name: tests[name] for name in ("t", "p", "wilcoxon_p", "effect_size")},
        "p_over_runs": compare(kept["effect"].to_numpy(), "runs")["p"],
        "n_over_runs": len(kept),
        **({"n_cut_off": cut_off} if cut_off else {}),
    }


def _cells(kept: pd.DataFrame, back: Callable) -> list[dict[str, Any]]:
    keys = ["corpus", "encoder", "gloss", "baseline"]
    means = kept.groupby(keys)["effect"].mean().map(back)
    return means.rename("value").reset_index().to_dict("records")
