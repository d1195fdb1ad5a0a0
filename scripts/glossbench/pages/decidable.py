"""At what difference a study can decide each claim of the paper, from the spread of the paper's own numbers."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from glossbench.evidence.statistics.power import seeds_needed, smallest_difference
from glossbench.evidence.statistics.scores import in_percent
from glossbench.evidence.text.names import metric_name
from glossbench.evidence.text.numbers import DASH, number, significant, span
from glossbench.frames import CELL
from glossbench.paper import published_costs, published_results
from glossbench.settings.claims import Claim
from glossbench.settings.study import Study

QUANTITIES = {"stop_epoch": "last epoch", "seconds_per_epoch": "seconds per epoch"}


def decidable(claim: Claim, study: Study, published: Path) -> list[str]:
    """What a study's test of a claim can tell apart.

    Within a cell, two objectives are compared over seeds; the spread of their difference follows from the standard
    deviations in T2 and T3, as if runs were independent. Over corpora, it is that of the paper's own differences.

    Returns:
        As texts: what is compared, the number of pairs, the smallest difference that the steadiest and the least steady
        comparison detect with a power of 0.8, the median of the paper's own differences, and the median of the pairs
        that these need.
    """
    measure, corpora = claim.measure, [one for one in claim.paper.corpora if one in study.corpora]
    if not corpora:
        return [DASH, DASH, "not in this study", DASH, DASH]
    if measure.kind == "overhead":
        return ["share of an epoch in each cell", DASH, "a time, measured in every epoch", DASH, DASH]
    metric, (gloss, *_), baselines = measure.metric, measure.gloss, list(measure.baselines)
    results = published_results(published)
    results = results[(results["metric"] == metric) & results["encoder"].isin(study.encoders)]
    if measure.kind == "advantage":
        if not in_percent(metric):
            costs = published_costs(published).rename(columns={metric: "mean"})
            results = costs[costs["encoder"].isin(study.encoders)]
        observed = CELL if measure.per == "cell" else ["corpus"]
        table = results[results["corpus"].isin(corpora)].pivot_table("mean", observed, "objective")
        ratio = measure.effect != "difference"
        table = np.log(table) if ratio else table
        differences = table[[gloss]].to_numpy() - table[baselines]
        where = "in a cell" if measure.per == "cell" else "on a corpus"
        what = f"{QUANTITIES.get(metric, metric)} {where}, of G-Loss and of a baseline"
        unit, scale = f"{len(table)} {'cells' if measure.per == 'cell' else 'corpora'}", "%" if ratio else "points"
        return [what, unit, *_sizes(len(table), scale, differences.mean(), differences.std())]
    won = measure.kind == "cells-won"
    name = metric_name(metric).lower().replace("f1", "F1")
    what = f"{name} in a cell, of {'G-Loss and of a baseline' if won else 'two values of a setting'}"
    if not in_percent(metric):
        return [what, DASH, "the paper prints no spread of it", DASH, DASH]
    if not won:
        corpora = {run.corpus for run in study.runs if measure.setting in dict(study.changes(run.objective))}
    results = results[results["corpus"].isin(corpora)]
    mean, std = (results.pivot_table(value, CELL, "objective", dropna=False) for value in ("mean", "std"))
    others = baselines if won else [gloss]
    spreads = np.hypot(std[others], std[[gloss]].to_numpy())
    stated = np.full(spreads.shape, 100 * (math.nan if claim.published is None else claim.published))
    differences = mean[[gloss]].to_numpy() - mean[others] if won else stated
    return [what, f"{len(study.seeds)} seeds", *_sizes(len(study.seeds), "points", differences, spreads)]


def _sizes(n: int, scale: str, differences: Any, spreads: Any) -> list[str]:
    """The last three texts of ``decidable``, from the paper's differences and their standard deviations."""

    def size(value: float) -> str:
        """A difference in points, or the change of a ratio, from its logarithm, in percent."""
        return significant(100 * (1 - math.exp(-value)), 2) if scale == "%" else number(value, 2)

    differences, spreads = (pd.Series(np.ravel(values)) for values in (differences, spreads))
    smallest = [found for std in spreads if (found := smallest_difference(n, std)) is not None]
    ends = span(min(smallest), max(smallest), size, " to ")
    middle = differences.abs().median()
    needed = pd.Series(list(map(seeds_needed, differences, spreads)), dtype=float).median()
    return [f"{ends} {scale}", DASH if math.isnan(middle) else f"{size(middle)} {scale}", number(needed)]
