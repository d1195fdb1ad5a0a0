"""Makes REPRODUCING.md: each table, figure and claim of the paper, the command that makes it, and its cost.

The text is that of the template; the numbers and tables are made here.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jinja2 import Environment, StrictUndefined

from glossbench.commands.plan import kept_bytes, plan, published_speed, speeds, without_stop
from glossbench.evidence.claims.scope import by_number, of_the_paper
from glossbench.evidence.statistics.power import seeds_needed, smallest_difference
from glossbench.evidence.statistics.scores import in_percent
from glossbench.evidence.text.markdown import pipe_table
from glossbench.evidence.text.names import metric_name
from glossbench.evidence.text.numbers import DASH, number, significant, span
from glossbench.frames import CELL
from glossbench.pages.items import Costs, load_costs, measures, runs_of_claim, runs_of_output
from glossbench.paper import published_costs, published_results, read_facts
from glossbench.settings.claims import Claim
from glossbench.settings.claims_file import load_claims
from glossbench.settings.outputs import Output, load_outputs
from glossbench.settings.study import Study
from glossbench.settings.study_file import Run

TEMPLATE = Path(__file__).with_suffix(".md.j2")
UNKNOWN, NOT_RUN = "not measured yet", "not run here"
QUANTITIES = {"stop_epoch": "last epoch", "seconds_per_epoch": "seconds per epoch"}


def page(root: Path) -> str:
    """The text of REPRODUCING.md; SettingsError if a registry or a study is not valid."""
    costs, paper_dir = load_costs(root), root / "config/published"
    outputs, claims = load_outputs(root / "config"), load_claims(root / "config")
    rows, core = Rows(costs, paper_dir), costs.core
    stops = published_costs(paper_dir).groupby("corpus")["stop_epoch"].mean()
    rates = speeds(published_speed(costs.main, read_facts(paper_dir)), costs.main)
    claims = {key: claims[key] for key in by_number(claims) if of_the_paper(key)}
    numbered = sorted((output for output in outputs if output.paper), key=lambda output: int(output.paper[1:]))
    environment = Environment(undefined=StrictUndefined, trim_blocks=True, keep_trailing_newline=True)
    return environment.from_string(TEMPLATE.read_text(encoding="utf-8")).render(
        table=pipe_table,
        costs=costs.entries,
        main=costs.main,
        core=core,
        searches=len(core.searches()),
        hours=rows.hours(core),
        decidable=[
            [key, number(len(runs_of_claim(claim, core))), *decidable(claim, core, paper_dir)]
            for key, claim in claims.items()
        ],
        studies=map(rows.study, costs.studies.values()),
        tables=[rows.output(output) for output in numbered if output.kind == "table"],
        figures=[rows.output(output) for output in numbered if output.kind == "figure"],
        claims=[rows.claim(key, claim) for key, claim in claims.items()],
        others=[rows.output(output) for output in outputs if not output.paper],
        stops=", ".join(f"{corpus} {stop:.0f}" for corpus, stop in stops.items()),
        stop=f"{stops.mean():.0f}",
        rates=", ".join(f"{encoder} {rate:.0f}" for encoder, rate in sorted(rates.items())),
    )


@dataclass(frozen=True)
class Rows:
    """Rows of the page's tables."""

    costs: Costs
    paper_dir: Path

    def study(self, study: Study) -> list[str]:
        """Name, command, runs, searches, time, disk, machine, and whether it was run here."""
        entry = self.costs.entries.studies[study.name]
        cost = [self.hours(study), self._disk(study), self.costs.entries.machine]
        if entry.run_here:
            measured = {"h": entry.hours, "GB": entry.disk_gb}
            cost = [UNKNOWN if size is None else f"{size:.2g} {unit} (measured)" for unit, size in measured.items()]
            cost.append(entry.machine or DASH)
        counts = [f"{len(jobs):,}" for jobs in (study.runs, study.searches())]
        return [f"`{study.name}`", self._command(study), *counts, *cost, "yes" if entry.run_here else "no"]

    def output(self, output: Output) -> list[str]:
        """Number, title, command, runs, time and disk of a table or figure, and the studies run here that fill it."""
        names, main = [output.paper or "", output.title], self.costs.main
        here = self._here(study for study in self.costs.studies.values() if output.fillable(study))
        if not output.fillable(main):
            return [*names, *[DASH] * 4, here]
        target = f"{output.kind}s/{output.key}.{'csv' if output.kind == 'table' else 'pdf'}"
        runs = runs_of_output(output, main, self.paper_dir)
        cost = self._cost(main, runs)
        if "trials" in output.reads and not runs:
            cost = ["all searches", self.hours(main, ["trial"]), DASH]
        return [*names, self._command(main, target), *cost, here]

    def claim(self, key: str, claim: Claim) -> list[str]:
        """The same of a claim; it is judged by the study that leads, or by the whole grid where that has no runs."""
        study = self.costs.core if runs_of_claim(claim, self.costs.core) else self.costs.main
        title = f"{claim.claim} Source: {claim.source}. Measured: {claim.quantity}."
        here = self._here(study for study in self.costs.studies.values() if measures(study, claim))
        return [key, title, self._command(study, "claims.md"), *self._cost(study, runs_of_claim(claim, study)), here]

    def hours(self, study: Study, kinds: Iterable[str] = ("run", "trial")) -> str:
        """The hours of a study's runs and their searches as a range; corpora without a published early stop apart."""
        costs, facts = published_costs(self.paper_dir), read_facts(self.paper_dir)

        def spent(part: Study) -> str:
            jobs = plan(part, published_speed(part, facts), costs, facts)
            jobs = jobs[jobs["kind"].isin(kinds)]
            decimals = 1 if jobs["hours"].sum() < 100 else 0
            ends = jobs["hours"].sum(), jobs["hours_at_most"].sum()
            return f"{span(*ends, lambda hours: number(hours, decimals), ' – ')} h"

        apart = without_stop(study, costs)
        rest = replace(study, runs=tuple(run for run in study.runs if not apart or run not in apart.runs))
        return ", ".join([*([spent(rest)] if rest.runs else []), *([f"GLUE {spent(apart)}"] if apart else [])])

    def _cost(self, study: Study, runs: Sequence[Run]) -> list[str]:
        own = replace(study, runs=tuple(runs))
        return [f"{len(runs):,}", self.hours(own), self._disk(own)] if runs else ["none", "no training", DASH]

    def _disk(self, study: Study) -> str:
        return f"{kept_bytes(study, read_facts(self.paper_dir)) / 1e9:,.1f} GB"

    def _command(self, study: Study, target: str = "") -> str:
        # the target comes first, because --configfile takes all following words as files
        target = f"results/{study.name}/{target} " if target else ""
        return f"`snakemake {target}--configfile {self.costs.entries.studies[study.name].file}`"

    def _here(self, studies: Iterable[Study]) -> str:
        ours = [study.name for study in studies if self.costs.entries.studies[study.name].run_here]
        return ", ".join(ours) or NOT_RUN


def decidable(claim: Claim, study: Study, paper_dir: Path) -> list[str]:
    """At what difference a study can decide a claim, from the spread of the paper's own numbers.

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
    results = published_results(paper_dir)
    results = results[(results["metric"] == metric) & results["encoder"].isin(study.encoders)]
    if measure.kind == "advantage":
        if not in_percent(metric):
            costs = published_costs(paper_dir).rename(columns={metric: "mean"})
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
