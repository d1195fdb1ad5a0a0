"""Compares G-Loss with each baseline: the cells in which it is ahead, and how far ahead it is.

In a cell, the first objective of the claim's ``gloss`` that was run represents G-Loss. Objectives with presets or
changed settings are left out.
"""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from glossbench.evidence.claims.measurement import CellValue, Measurement, cells_of, over_cells, runs_of
from glossbench.evidence.selection import with_gloss
from glossbench.evidence.statistics.intervals import ALPHA, t_interval
from glossbench.evidence.statistics.pairs import by_t_test, compare, holm
from glossbench.evidence.statistics.power import smallest_difference
from glossbench.evidence.statistics.scores import scores_of_runs
from glossbench.evidence.text.names import arrange, listed, machine_names
from glossbench.frames import CELL, RUN_OF_EXPERIMENT
from glossbench.settings.claims import Measure

UNITS = {"corpus": "corpora", "cell": "cells"}
SIDES = ("", "_baseline")  # endings of the columns of a pair: of G-Loss and of the baseline


def cells_won(measure: Measure, runs: pd.DataFrame, **_: Any) -> list[Measurement] | str:
    """Share of cells in which G-Loss has a higher mean than every baseline, over the seeds that all were run with.

    A cell counts if all baselines were run. A cell with equal means is not won. With one seed in every cell, as in
    published tables, the interval is that of a share of cells won by chance.

    Returns:
        One measurement; its ``numbers`` are, for each cell, the means and the best baseline, the smallest difference
        from it that the seeds can show, and p of the paired t test over seeds, with Holm's correction over all
        baselines and cells. Then the mean of each objective over the cells, and the p value of a sign test: the
        probability of winning at least as many cells if each were won with probability 1/2. Or a text that says which
        runs are missing.
    """
    baselines, tables, rows, used, p_values = list(measure.baselines), {}, [], frozenset(), {}
    for cell, own in cells_of(with_gloss(scores_of_runs(runs, measure.metric), measure.gloss, baselines)):
        table = own.pivot_table("score", "seed", "objective").dropna()
        if len(table.columns) == 1 + len(baselines) and len(table):
            gloss = next(key for key in measure.gloss if key in table)
            means = table.mean()
            best = means[baselines].idxmax()
            names = {"corpus": cell[0], "encoder": cell[1], "gloss": gloss, "best_baseline": best}
            tests = {key: by_t_test((table[gloss] - table[key]).to_numpy(), "seeds") for key in baselines}
            p_values |= {(*cell, key): test["p"] for key, test in tests.items()}
            smallest = smallest_difference(len(table), tests[best]["std"])
            found = {"mean": means[gloss], "baseline_mean": means[best], "n": len(table), "smallest": smallest}
            rows.append({**names, **found})
            tables[cell] = table[[gloss, *baselines]].to_numpy()
            used |= runs_of(own[own["seed"].isin(table.index)])
    if not tables:
        return f"no cell has {' or '.join(measure.gloss)} together with {listed(baselines)} on the same seeds"
    won = sum(row["mean"] > row["baseline_mean"] for row in rows)
    adjusted = holm(pd.Series(p_values, dtype=float))
    for row in rows:
        row["p_holm"] = float(adjusted[row["corpus"], row["encoder"], row["best_baseline"]])
    over_all = np.mean([table.mean(axis=0) for table in tables.values()], axis=0).tolist()
    gloss = rows[0]["gloss"] if len({row["gloss"] for row in rows}) == 1 else measure.gloss[0]
    overall = {"means": dict(zip([gloss, *baselines], over_all, strict=True))}
    numbers = [*rows, overall, {"p_sign_test": float(stats.binomtest(won, len(rows), alternative="greater").pvalue)}]
    found = over_cells(tables, share_won, runs=used, numbers=numbers)
    if max(map(len, tables.values())) == 1:
        low, high = stats.binomtest(won, len(rows)).proportion_ci()  # Clopper and Pearson's
        found = replace(found, low=float(low), high=float(high), interval="95 % exact binomial over cells")
    return [found]


def share_won(means: list[np.ndarray]) -> np.ndarray:
    """Share of cells, shape (...), in which the first of the means, shape (..., objectives), is the highest."""
    return np.mean([mean[..., 0] > mean[..., 1:].max(axis=-1) for mean in means], axis=0)


def advantage(measure: Measure, runs: pd.DataFrame, **_: Any) -> list[Measurement] | str:
    """Mean difference or geometric mean ratio of G-Loss and each baseline, with a paired t test over corpora or cells.

    A pair is a seed that both were run with. The mean over the pairs of a cell, or of a corpus, is one observation.
    If there are too few observations for a test, the interval is over the pairs of runs and does not decide the claim.
    Contradiction uses an interval at level alpha / number of baselines, because each baseline alone can contradict.

    With ``cap``, a pair in which both runs reached the last epoch is a tie; if more than half of the pairs are ties,
    they decide nothing. One in which a single run did is a bound: it counts as it ended, and leaves open the end of
    the interval that it would move.

    Returns:
        One measurement per baseline; its ``numbers`` are the test (with the smallest difference or ratio that it can
        show, and p over pairs of runs as well) and the means of the cells. Or a text that says which runs are missing.
    """
    if measure.only:
        runs = runs[runs["corpus"].isin(measure.only)]
    pairs, unlike = _pairs(runs, measure)
    if not len(pairs):
        if unlike:
            return f"no pair of runs on the same seed has the same {listed(measure.alike)}"
        where = f" on {listed(measure.only)}" if measure.only else ""
        wanted = f"{' or '.join(measure.gloss)} together with any of {listed(measure.baselines)}"
        return f"no cell has {wanted} on the same seeds{where}"
    run = dict(list(pairs.groupby("baseline")))
    there, missing = ([key for key in measure.baselines if (key in run) == known] for known in (True, False))
    measured = [_measured(key, run[key], measure, len(there)) for key in there]
    for one, p in zip(measured, holm(pd.Series([one.numbers[0]["p"] for one in measured], dtype=float)), strict=True):
        one.numbers[0]["p_holm"] = p
    if missing:
        reason = f"{listed(missing)} {'was' if len(missing) == 1 else 'were'} not run beside it"
        nothing = (math.nan, math.nan, math.nan, 0, "", "")
        measured.append(Measurement(*nothing, runs=measured[0].runs, missing=reason, about=missing[0]))
    return measured


def _pairs(runs: pd.DataFrame, measure: Measure) -> tuple[pd.DataFrame, bool]:
    """Pairs of runs of G-Loss and a baseline on the same seed.

    Returns:
        A frame with the columns corpus, encoder, seed, objective (of G-Loss), baseline, effect (a difference or the
        logarithm of a ratio, of the runs as they ended; 0 for a tie), n_capped (how many of the two reached the cap),
        open_low and open_high (whether the true effect may be any smaller, or larger). And whether pairs were left
        out because their runs are not alike.
    """
    cap, alike = measure.cap, [column for column in measure.alike if column in runs]
    runs = runs.assign(device=machine_names(runs)) if "device" in alike else runs
    about = [*alike, cap] if cap in runs else alike  # published means do not say these
    table = scores_of_runs(runs, measure.metric).merge(runs[[*RUN_OF_EXPERIMENT, *about]], on=RUN_OF_EXPERIMENT)
    theirs = table[table["objective"].isin(measure.baselines)]
    pairs = with_gloss(table, measure.gloss, []).merge(theirs, on=[*CELL, "seed"], suffixes=SIDES)
    pairs = arrange(pairs.rename(columns={"objective_baseline": "baseline"}), [*CELL, "seed"])
    if measure.effect != "difference":
        pairs = pairs[(pairs["score"] > 0) & (pairs["score_baseline"] > 0)]
    agree = np.ones(len(pairs), dtype=bool)
    for column in alike:
        agree &= pairs[column].astype(str) == pairs[f"{column}_baseline"].astype(str)
    pairs = pairs[agree]
    capped = [pairs[f"score{side}"] >= (pairs[f"{cap}{side}"] if cap in runs else math.inf) for side in SIDES]
    score = [pairs[f"score{side}"] for side in SIDES]
    larger, smaller = capped
    # the mean of the logarithms of ratios is the logarithm of their geometric mean
    ratio = measure.effect != "difference"
    effect = (score[0] / score[1]).map(math.log).astype(float) if ratio else score[0] - score[1]
    ends = {"open_low": smaller & ~larger, "open_high": larger & ~smaller}
    effect = effect.mask(larger & smaller, 0.0)
    return pairs.assign(effect=effect, n_capped=larger.astype(int) + smaller, **ends), not agree.all()


def _measured(baseline: str, pairs: pd.DataFrame, measure: Measure, n_baselines: int) -> Measurement:
    """The measurement against one baseline."""
    unit = UNITS[measure.per]
    back: Callable[[float], float] = float if measure.effect == "difference" else math.exp

    def opened(low: float, high: float, pairs: pd.DataFrame = pairs) -> tuple[float, float]:
        """An interval of effects as one of differences or ratios, open where a pair is only a bound."""
        return back(-math.inf if pairs["open_low"].any() else low), back(math.inf if pairs["open_high"].any() else high)

    observed, of_cells = pairs.groupby(CELL)["effect"].mean(), pairs.groupby(CELL)
    if measure.per == "corpus":
        observed = observed.groupby("corpus").mean()
    tests = compare(observed.to_numpy(), unit)
    missing, ends, wide, interval = "", (tests["low"], tests["high"]), None, f"95 % of a paired t test over {unit}"
    if math.isnan(tests["t"]):
        missing, ends = tests["reason"], t_interval(pairs["effect"])
        interval = "95 % of a paired t test over pairs of runs"
    else:
        wide = opened(*t_interval(observed, 1 - ALPHA / n_baselines))
    ties, bounds = (int((pairs["n_capped"] == count).sum()) for count in (2, 1))
    if 2 * ties > len(pairs):
        missing = f"in {ties} of {len(pairs)} pairs both runs trained to the last allowed epoch"
    value, smallest = back(observed.mean()), smallest_difference(len(observed), tests["std"])
    test = {
        **{"baseline": baseline, "value": value, "n": len(observed)},
        **{name: tests[name] for name in ("t", "p", "wilcoxon_p", "effect_size")},
        "smallest": smallest if smallest is None else back(smallest),
        **{"p_over_runs": by_t_test(pairs["effect"].to_numpy(), "runs")["p"], "n_over_runs": len(pairs)},
        **({"n_ties": ties, "n_bounds": bounds} if ties or bounds else {}),
    }
    means = pairs.rename(columns={"objective": "gloss"}).groupby([*CELL, "gloss", "baseline"])["effect"].mean()
    return Measurement(
        value,
        *opened(*ends),
        n=len(observed),
        unit=unit,
        interval=interval,
        runs=runs_of(pairs) | runs_of(pairs.assign(objective=baseline)),
        cells={cell: CellValue(*opened(*[own["effect"].mean()] * 2, own), seeds=len(own)) for cell, own in of_cells},
        missing=missing,
        about=baseline,
        wide=wide,
        numbers=[test, *means.map(back).rename("value").reset_index().to_dict("records")],
    )
