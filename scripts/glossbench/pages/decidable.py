"""At what difference a study can decide each claim of the paper, from the spread of the paper's own numbers."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from glossbench.evidence.statistics.power import seeds_needed, smallest_difference
from glossbench.evidence.text.names import metric_name
from glossbench.evidence.text.numbers import DASH, number, significant
from glossbench.paper import published_costs, published_results
from glossbench.settings.study import Study

QUANTITIES = {"stop_epoch": "last epoch", "seconds_per_epoch": "seconds an epoch"}
PERCENT = ("accuracy", "macro_f1")  # metrics that the paper prints in percent


@dataclass(frozen=True)
class Comparison:
    """One comparison that a verdict rests on: a paired t test over ``n`` seeds, or over ``n`` corpora.

    Args:
        n: Number of pairs.
        std: Standard deviation of the paired differences; NaN if the paper's numbers do not say.
        difference: The paper's own mean difference; NaN if it prints none.
    """

    n: int
    std: float
    difference: float

    @property
    def smallest(self) -> float | None:
        """The smallest difference that the test detects with a power of 0.8; None if it is not known."""
        return smallest_difference(self.n, self.std)

    @property
    def needed(self) -> int | None:
        """The number of pairs with which the paper's own difference would be detected; None if it is not known."""
        return seeds_needed(self.difference, self.std)


@dataclass(frozen=True)
class Decidable:
    """What a study's test of a claim can tell apart.

    Args:
        compared: What the pairs of a comparison are, in words.
        unit: What a pair is, in the plural: "seeds" or "corpora".
        scale: "points" (percentage points), "%" (change of a ratio, from its logarithm), or "" for none.
        comparisons: Those that the verdict rests on; empty if the paper's numbers do not give their spread.
        remark: Why there are none, or empty.
    """

    compared: str
    unit: str
    scale: str
    comparisons: tuple[Comparison, ...]
    remark: str = ""


def decidable(claim: dict[str, Any], study: Study, published: Path) -> Decidable:
    """The comparisons behind the verdict on a claim, with the spread that the paper's numbers have.

    Within a cell, two objectives are compared over seeds; the spread of their difference follows from the standard
    deviations in T2 and T3, as if runs were independent. Over corpora, it is that of the paper's own differences.

    Args:
        claim: Entry of config/claims.yaml.
        study: The study.
        published: config/published.
    """
    measure, corpora = claim["measure"], [one for one in claim["paper"]["corpora"] if one in study.corpora]
    if not corpora:
        return Decidable("", "", "", (), "not in this study")
    if measure["kind"] == "overhead":
        return Decidable("share of an epoch in each cell", "", "", (), "a time, measured in every epoch")
    if measure["kind"] == "advantage":
        return _over_corpora(measure, corpora, study, published)
    return _over_seeds(claim, corpora, study, published)


def _over_seeds(claim: dict[str, Any], corpora: list[str], study: Study, published: Path) -> Decidable:
    measure, results = claim["measure"], published_results(published)
    results = results[(results["metric"] == measure["metric"]) & results["encoder"].isin(study.encoders)]
    cells = results[results["corpus"].isin(corpora)].pivot_table(
        ["mean", "std"], ["corpus", "encoder"], "objective", dropna=False
    )
    gloss = measure["gloss"][0]
    name = metric_name(measure["metric"]).lower().replace("f1", "F1")
    if measure["kind"] == "cells-won":
        compared = f"{name} in a cell, of G-Loss and of a baseline"
        pairs = [(objective, cells["mean"][gloss] - cells["mean"][objective]) for objective in measure["baselines"]]
    else:
        corpora = _varied_corpora(measure["setting"], study)
        cells = cells.loc[cells.index.get_level_values("corpus").isin(corpora)]
        compared = f"{name} in a cell, of two values of a setting"
        pairs = [(gloss, pd.Series(claim.get("published", math.nan) * 100, cells.index))]
    if measure["metric"] not in PERCENT:
        return Decidable(compared, "seeds", "points", (), "the paper prints no spread of it")
    comparisons = [
        Comparison(len(study.seeds), math.hypot(cells["std"].loc[cell, gloss], cells["std"].loc[cell, other]), value)
        for other, differences in pairs
        for cell, value in differences.items()
    ]
    return Decidable(compared, "seeds", "points", tuple(comparisons))


def _over_corpora(measure: dict[str, Any], corpora: list[str], study: Study, published: Path) -> Decidable:
    """One comparison per baseline: over corpora, of differences in points or of logarithms of ratios."""
    ratio = measure["as"] != "difference"
    table = _by_corpus(measure["metric"], published, study)
    gloss = measure["gloss"][0]
    comparisons = []
    for baseline in measure["baselines"]:
        sides = table.loc[corpora, [gloss, baseline]]
        sides = np.log(sides) if ratio else sides
        differences = sides[gloss] - sides[baseline]
        comparisons.append(Comparison(len(corpora), differences.std(), differences.mean()))
    compared = f"{QUANTITIES.get(measure['metric'], measure['metric'])} on a corpus, of G-Loss and of a baseline"
    return Decidable(compared, "corpora", "%" if ratio else "points", tuple(comparisons))


def _by_corpus(metric: str, published: Path, study: Study) -> pd.DataFrame:
    """The paper's values of a metric by corpus and objective, means over the study's encoders."""
    if metric in PERCENT:
        table = published_results(published)
        table = table[table["metric"] == metric].rename(columns={"mean": "value"})
    else:
        table = published_costs(published).rename(columns={metric: "value"})
    table = table[table["encoder"].isin(study.encoders)]
    return table.pivot_table("value", "corpus", "objective")


def _varied_corpora(setting: str, study: Study) -> list[str]:
    varied = {run.corpus for run in study.runs if setting in dict(study.changes(run.objective))}
    return [corpus for corpus in study.corpora if corpus in varied]


def cells(found: Decidable) -> list[str]:
    """What is known of a claim's comparisons as texts.

    Returns:
        What is compared, the number of pairs, the smallest difference of the steadiest and of the least steady
        comparison, the median of the paper's own differences, and the median of the pairs that these need.
    """
    if not found.comparisons:
        return [found.compared or DASH, DASH, found.remark, DASH, DASH]
    smallest = [one.smallest for one in found.comparisons if one.smallest is not None]
    ends = dict.fromkeys(_size(value, found.scale) for value in (min(smallest), max(smallest)))
    difference = pd.Series([one.difference for one in found.comparisons]).abs().median()
    needed = pd.Series([one.needed for one in found.comparisons], dtype=float).median()
    return [
        found.compared,
        f"{found.comparisons[0].n} {found.unit}",
        f"{' to '.join(ends)} {found.scale}",
        DASH if math.isnan(difference) else f"{_size(difference, found.scale)} {found.scale}",
        number(needed),
    ]


def _size(value: float, scale: str) -> str:
    return significant(100 * (1 - math.exp(-value)), 2) if scale == "%" else number(value, 2)
