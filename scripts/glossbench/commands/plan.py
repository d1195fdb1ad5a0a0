"""Estimates the hours and the disk space that a study needs, from measured documents per second.

Without measured runs, the speed is that of the paper: BERT-base on one A100. Hours are a range: from runs that stop
where the paper's do on average, to runs that train for as many epochs as the study allows.
"""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pandas as pd

from glossbench.errors import SettingsError
from glossbench.evidence.text.markdown import pipe_table
from glossbench.evidence.text.numbers import number
from glossbench.paper import Facts, published_costs, read_facts
from glossbench.settings.params import trial_epochs, trials_of
from glossbench.settings.requests import MEASURED, documents_of, trained_trials
from glossbench.settings.study import Study
from glossbench.settings.study_file import Run

SMALL_FILES = 100_000  # bytes of a run's settings, epochs, metrics, predictions and timing
PAPER_MACHINE = "one A100 80 GB, at the speed of the paper's T3"
DOCUMENTS = ["documents", "documents_at_most", "documents_prunable"]


def speeds(runs: pd.DataFrame, study: Study) -> dict[str, float]:
    """Training documents per second of each encoder of a study.

    The speed of an encoder that was not measured is estimated from the measured ones by the ratio of their parameters,
    because the work per token is proportional to them.

    Args:
        runs: Measured runs (runs.parquet), on one device.
        study: The study.

    Returns:
        Speed by encoder; NaN if it was not measured and the registry does not state the number of parameters.
    """
    measured = runs.groupby("encoder")[["docs_per_second", "n_trainable"]].median()
    work = (measured["docs_per_second"] * measured["n_trainable"]).mean()
    entries = study.registry["encoders"]
    estimated = {encoder: work / (entries[encoder].parameters or float("nan")) for encoder in study.encoders}
    return {encoder: measured["docs_per_second"].get(encoder, speed) for encoder, speed in estimated.items()}


def published_speed(study: Study, facts: Facts) -> pd.DataFrame:
    """The speed of the paper's runs, all of one encoder, in the form of measured runs."""
    parameters = study.registry["encoders"][MEASURED].parameters
    measured = {"encoder": MEASURED, "docs_per_second": facts.speed, "n_trainable": parameters, "device": PAPER_MACHINE}
    return pd.DataFrame([measured])


def stop_epochs(corpora: list[str], costs: pd.DataFrame) -> dict[str, float]:
    """The paper's mean early stop on each corpus; on a corpus for which it states none, the mean over its corpora."""
    published = costs.groupby("corpus")["stop_epoch"].mean()
    return {corpus: published.get(corpus, published.mean()) for corpus in corpora}


def plan(study: Study, runs: pd.DataFrame, costs: pd.DataFrame, facts: Facts) -> pd.DataFrame:
    """Hours by encoder and kind of job.

    No trial is taken to be pruned. A search is taken to train each proposal once.

    Args:
        study: The study.
        runs: Measured runs.
        costs: From ``published_costs``.
        facts: The paper's sizes, for corpora whose registry entry states none.

    Returns:
        Columns encoder, kind ("run" or "trial"), jobs, documents and documents_at_most (training documents of all
        epochs of all jobs, if jobs stop at the paper's mean early stop and if they do not stop early), docs_per_second,
        hours and hours_at_most, and hours_prunable (of ``hours``, what is saved if every trial that can be pruned is
        pruned as early as possible). NaN if a size or a speed is not known.
    """
    rate, stops = speeds(runs, study), stop_epochs(study.corpora, costs)
    rows = []
    for (corpus, encoder, kind, limit, pruned), count in _jobs(study).items():
        documents = count * _training_documents(study, corpus, facts)
        epochs = min(limit, stops[corpus])
        rows.append(
            {
                "encoder": encoder,
                "kind": kind,
                "jobs": count,
                "documents": documents * epochs,
                "documents_at_most": documents * limit,
                "documents_prunable": documents * max(0, epochs - pruned) if pruned else 0 * documents,
                "docs_per_second": rate[encoder],
            }
        )
    columns = ["encoder", "kind", "jobs", *DOCUMENTS, "docs_per_second"]
    groups = pd.DataFrame(rows, columns=columns).groupby(["encoder", "kind"], sort=True)
    unknown_stays = {name: (name, lambda values: values.sum(skipna=False)) for name in DOCUMENTS}
    frame = groups.agg(jobs=("jobs", "sum"), **unknown_stays, docs_per_second=("docs_per_second", "first"))
    hours = {name.replace("documents", "hours"): frame[name] / frame["docs_per_second"] / 3600 for name in DOCUMENTS}
    return frame.assign(**hours).reset_index().drop(columns="documents_prunable")


def _jobs(study: Study) -> Counter:
    """The number of jobs by (corpus, encoder, kind, most epochs, epochs of a pruned trial; 0 if it is not pruned)."""
    tuning, jobs = study.settings.tuning, Counter()
    for run in study.trained:
        jobs[run.corpus, run.encoder, "run", study.objective(run.objective).training.epochs, 0] += 1
    for search in study.tuning_jobs():
        objective = study.objective(search.objective)
        limit = trial_epochs(study, search.objective)
        trials = trained_trials(objective.search, trials_of(study, search.objective))
        complete = min(trials, max(1, tuning.pruner.startup_trials))
        complete = trials if objective.pruning == "never" else complete
        earliest = max(1, tuning.pruner.warmup_epochs)
        jobs[search.corpus, search.encoder, "trial", limit, 0] += complete
        jobs[search.corpus, search.encoder, "trial", limit, earliest] += trials - complete
    return +jobs


def kept_bytes(study: Study, facts: Facts) -> float:
    """Bytes that all runs keep: mostly embeddings in float16, of test documents or, if standalone, of all documents.

    NaN if the size of a corpus or of an encoder's hidden state is not known.
    """
    encoders = study.registry["encoders"]
    return sum(
        _encoded(study, run, facts) * (encoders[run.encoder].hidden or float("nan")) * 2 + SMALL_FILES
        for run in study.trained
    )


def checkpoint_bytes(study: Study) -> dict[str, float]:
    """Bytes of a run's checkpoint by encoder: weights, best weights and two moments of the optimizer in float32."""
    encoders = study.registry["encoders"]
    return {encoder: 16 * (encoders[encoder].parameters or float("nan")) for encoder in study.encoders}


def _encoded(study: Study, run: Run, facts: Facts) -> float:
    """The number of documents whose embeddings a run keeps."""
    sizes, subset = documents_of(study, run.corpus, facts.documents), study.subset(run.corpus)
    n_test = subset.test or sizes["test"]
    if study.objective(run.objective).protocol == "integrated":
        return n_test
    if subset.train is None:
        return n_test + sizes["train"] + sizes["val"]
    return n_test + subset.train + (subset.val or sizes["val"])


def _training_documents(study: Study, corpus: str, facts: Facts) -> float:
    return study.subset(corpus).train or documents_of(study, corpus, facts.documents)["train"]


def plan_text(study: Study, runs: pd.DataFrame, costs: pd.DataFrame, facts: Facts) -> str:
    """The plan as text. Arguments are those of ``plan``."""
    frame = plan(study, runs, costs, facts)
    rows = [
        [
            row.encoder,
            row.kind,
            number(row.jobs),
            number(row.docs_per_second, 1),
            *(number(value, 1) for value in (row.hours, row.hours_at_most)),
        ]
        for row in frame.itertuples(index=False)
    ]
    headers = ["encoder", "kind", "jobs", "documents/s", "hours", "at most"]
    devices = ", ".join(sorted(runs["device"].unique()))
    checkpoints = ", ".join(f"{name} {number(size / 1e9, 1)} GB" for name, size in checkpoint_bytes(study).items())
    lines = [
        f"{study.name}: {len(study.runs)} runs and {len(study.tuning_jobs())} searches, "
        f"{hours_text(frame)} hours on one device like the measured one ({devices})",
        pipe_table(headers, rows, right=[False, False, True, True, True, True]),
        "The lower hours are those of runs that stop at the mean early stop that the paper has for their corpus, the",
        "higher ones those of runs that train for all their epochs. Encoders not measured are scaled by their",
        "parameters.",
        *_pruning(frame),
        *_assumed(study, runs, costs, facts),
        f"Disk: all runs keep {number(kept_bytes(study, facts) / 1e9, 2)} GB; a run needs besides: {checkpoints}",
        *_unknown(study, frame, facts),
    ]
    return "\n".join(lines) + "\n"


def hours_text(frame: pd.DataFrame) -> str:
    """The range of all hours of a plan, e.g. "71.2 to 98.4"; one number if both ends are the same."""
    ends = [number(frame[name].sum(skipna=False), 1) for name in ("hours", "hours_at_most")]
    return " to ".join(dict.fromkeys(ends))


def without_stop(study: Study, costs: pd.DataFrame) -> Study | None:
    """The runs of a study on corpora for which the paper states no early stop; None if there are none."""
    runs = tuple(run for run in study.runs if run.corpus not in set(costs["corpus"]))
    return replace(study, runs=runs) if runs else None


def _pruning(frame: pd.DataFrame) -> list[str]:
    saved = frame["hours_prunable"].sum(skipna=False)
    if not saved > 0:
        return []
    return [f"No pruning of trials is counted on; it saves up to {number(saved, 1)} of the lower hours."]


def _assumed(study: Study, runs: pd.DataFrame, costs: pd.DataFrame, facts: Facts) -> list[str]:
    """A line on the hours of corpora whose early stop is assumed; empty if there are none."""
    part = without_stop(study, costs)
    if part is None:
        return []
    mean = costs.groupby("corpus")["stop_epoch"].mean().mean()
    return [
        f"Of the hours, {hours_text(plan(part, runs, costs, facts))} are of {', '.join(part.corpora)}, for which the "
        f"paper states no epochs: assumed is the mean over its corpora, {number(mean)}."
    ]


def _unknown(study: Study, frame: pd.DataFrame, facts: Facts) -> list[str]:
    """A line with the keys that the registries do not state but the plan needs; empty if there are none."""
    missing = [
        f"config/corpora.yaml: {corpus}.documents"
        for corpus in study.corpora
        if pd.isna(_training_documents(study, corpus, facts))
    ]
    rates = frame.set_index("encoder")["docs_per_second"]
    missing += [
        f"config/encoders.yaml: {encoder}.parameters" for encoder in study.encoders if pd.isna(rates[[encoder]]).any()
    ]
    if not missing:
        return []
    return [f"A dash is not known: {', '.join(missing)} not stated. Measured runs (FROM=...) give an encoder's speed."]


def print_plan(study: Study, runs_file: Path | None, config_dir: Path) -> None:
    """Print the plan of a study.

    Args:
        study: The study.
        runs_file: runs.parquet of a finished study; None for the paper's speed.
        config_dir: Folder with published/.

    Raises:
        SettingsError: There is no such file.
    """
    costs, facts = published_costs(config_dir / "published"), read_facts(config_dir / "published")
    if runs_file is not None and not runs_file.is_file():
        raise SettingsError(f"{runs_file}: no such file; give the runs.parquet of a finished study")
    runs = pd.read_parquet(runs_file) if runs_file else published_speed(study, facts)
    print(plan_text(study, runs, costs, facts))
