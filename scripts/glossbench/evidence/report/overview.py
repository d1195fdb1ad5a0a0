"""What the report shows of all runs together: what there is, scores with their intervals, time and memory."""

from typing import Any

import pandas as pd

from glossbench.evidence.claims.graphs import LEAST_SHARE, little_and_flat
from glossbench.evidence.notes import coverage_note, numerics_note
from glossbench.evidence.selection import unvaried_and_untuned
from glossbench.evidence.statistics.scores import over_seeds
from glossbench.evidence.tables.layout import Layout, grid
from glossbench.evidence.text.names import arrange, corpus_name, encoder_name, in_order, machine_names, objective_name
from glossbench.evidence.text.numbers import duration, number
from glossbench.frames import EXPERIMENT

LITTLE = (
    f"The loss beside cross-entropy had less than {100 * LEAST_SHARE:g} % of the gradient in each epoch up to the best "
    "one: these runs are cross-entropy."
)
FLAT = (
    "Sigma was above the median distance in each epoch up to the best one: there it is a weight of the loss and no "
    "width of a graph."
)
METRICS = ("accuracy", "macro_f1")
WIDEST = 4  # columns with scores
NOTE = (
    "Mean test score in percent with Student's 95 % interval of the mean over seeds, cut off at 0 and 100. One run has "
    "no interval, and with two runs it is wide. Objectives with changed settings are left out. Untuned "
    "objectives train nothing."
)


def study_facts(runs: pd.DataFrame, coverage: pd.DataFrame) -> dict[str, str]:
    """The content of the study as texts by title. Objectives with changed settings are counted, not named."""
    objectives = in_order(unvaried_and_untuned(runs)["objective"], "objective")
    varied = runs["objective"].nunique() - len(objectives)
    others = [f"{varied} with a changed setting"] if varied else []
    return {
        "Corpora": ", ".join(map(corpus_name, in_order(runs["corpus"], "corpus"))),
        "Encoders": ", ".join(map(encoder_name, in_order(runs["encoder"], "encoder"))),
        "Objectives": ", ".join([*map(objective_name, objectives), *others]),
        "Seeds": ", ".join(map(str, sorted(coverage["seed"].unique()))),
        "Runs": f"{number(coverage['finished'].sum())} of {number(len(coverage))} planned",
    }


def code_facts(runs: pd.DataFrame, provenance: dict[str, Any]) -> dict[str, str]:
    """How many runs are of other code than that of the report, as texts by title: by commit, and by its numbers."""
    commits = runs.loc[runs["commit"] != provenance["commit"], "commit"].value_counts(sort=False).sort_index()
    found = ", ".join(f"{commit} ({count})" for commit, count in commits.items())
    of_others = f"{number(commits.sum())} of {number(len(runs))} runs are of other commits than this report: {found}"
    note = numerics_note(runs, provenance["numerics"]) if "numerics" in provenance else None
    return {"Commits": of_others if found else "", "Numerics": note or ""}


def missing_runs(coverage: pd.DataFrame) -> dict[str, Any] | None:
    """A sentence about missing runs, and the missing seeds of each cell; None if all runs are finished."""
    note = coverage_note(coverage, lambda planned: planned)
    if note is None:
        return None
    return {"note": note, "cells": _seeds(coverage[~coverage["finished"].astype(bool)])}


def graph_warnings(epochs: pd.DataFrame) -> list[dict[str, Any]]:
    """Sentences about runs whose graph said little in each epoch up to the best one, and the seeds of their cells."""
    runs = little_and_flat(epochs)
    found = {LITTLE: runs[runs["little"]], FLAT: runs[runs["flat"]]}
    return [{"note": note, "cells": _seeds(rows)} for note, rows in found.items() if len(rows)]


def _seeds(rows: pd.DataFrame) -> dict[str, str]:
    """The seeds of runs by their cells, both as texts."""
    return {
        f"{corpus_name(corpus)}, {encoder_name(encoder)}, {objective_name(objective)}": ", ".join(map(str, seeds))
        for (corpus, encoder, objective), seeds in arrange(rows, [*EXPERIMENT, "seed"]).groupby(EXPERIMENT, sort=False)[
            "seed"
        ]
    }


def scores_table(runs: pd.DataFrame) -> Layout:
    """Accuracy and macro-F1 of every objective without changed settings, and of untuned objectives.

    The two metrics of a corpus are neighbouring columns if the table then has at most ``WIDEST`` columns; otherwise
    each metric has its own rows.
    """
    own = unvaried_and_untuned(runs)
    table = over_seeds(own, METRICS, interval=True).drop(columns="rank")
    texts = [_mean_interval(*scores) for scores in table[["mean", "low", "high"]].itertuples(index=False, name=None)]
    return grid(
        table.assign(text=texts), ["encoder", "protocol", "objective"], ["corpus", "metric"], widest=WIDEST
    ).with_notes(NOTE)


def _mean_interval(mean: float, low: float, high: float) -> str:
    """For example "85.64 [84.10, 87.18]"; the mean alone if there is no interval."""
    if pd.isna(low):
        return number(mean, 2)
    return f"{number(mean, 2)} [{number(max(low, 0), 2)}, {number(min(high, 100), 2)}]"


def costs_table(runs: pd.DataFrame) -> Layout:
    """Time and memory of each encoder and objective over all corpora and seeds: sums, means, highest memory."""
    groups = arrange(runs, ["encoder", "objective"]).groupby(["encoder", "objective"], sort=False)
    columns = {
        "Runs": groups.size().map(str),
        "Total time": groups["total_seconds"].sum().map(duration),
        "Mean time per epoch": groups["seconds_per_epoch"].mean().map(duration),
        "Mean last epoch": groups["stop_epoch"].mean().map(lambda value: number(value, 1)),
        "Mean docs/s": groups["docs_per_second"].mean().map(number),
        "Mean tokens/s": groups["tokens_per_second"].mean().map(number),
        "Peak MiB": groups["peak_memory_mib"].max().map(number),
    }
    return Layout.unranked(groups.size().reset_index(), ["encoder", "objective"], columns)


def costs_in_all(runs: pd.DataFrame) -> dict[str, str]:
    """Time and memory of all runs, as texts by title."""
    seconds = runs["total_seconds"]
    slowest = runs.loc[seconds.idxmax()]
    name = (
        f"{objective_name(slowest['objective'])} on {corpus_name(slowest['corpus'])} "
        f"with {encoder_name(slowest['encoder'])}, seed {slowest['seed']}"
    )
    return {
        "Runs": str(len(runs)),
        "Time of all runs": duration(seconds.sum()),
        "Mean time per run": duration(seconds.mean()),
        "Slowest run": f"{duration(seconds.max())} ({name})",
        "Peak memory": f"{number(runs['peak_memory_mib'].max())} MiB",
        "Devices": ", ".join(sorted(machine_names(runs).astype(str).unique())),
    }
