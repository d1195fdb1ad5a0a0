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
from glossbench.paper import ENCODER, MACHINE, Facts, published_costs, read_facts
from glossbench.settings.params import trial_epochs
from glossbench.settings.resources import documents_used, trained_finals, trained_trials
from glossbench.settings.study import Study
from glossbench.settings.study_file import Run

SMALL_FILES = 100_000  # bytes of a run's settings, epochs, metrics, predictions and timing
UNKNOWN = float("nan")
MEASURES = ("docs_per_second", "n_parameters", "n_trainable")  # columns that a speed is estimated from
RANGE = """\
The lower hours are those of runs that stop at the mean early stop that the paper has for their corpus, the
higher ones those of runs that train for all their epochs. Encoders not measured are scaled by their
parameters."""


def speeds(runs: pd.DataFrame, study: Study) -> dict[str, float]:
    """Training documents per second of each encoder of a study, from runs measured on one device.

    The work per token is proportional to the parameters that are trained. A study that trains the top layers alone is
    taken to train as many as the measured runs. The speed of an encoder that was not measured is estimated from the
    measured ones by the ratio of all their parameters; NaN if the registry does not state their number.
    """
    measured = runs[runs["n_trainable"] > 0].groupby("encoder")[list(MEASURES)].median()
    whole = study.settings.encoder.trainable_layers is None
    slower = measured["n_parameters"] / measured["n_trainable"] if whole else 1  # where only the top was measured
    known, entries = measured["docs_per_second"] / slower, study.registries.encoders
    work = (known * measured["n_parameters"]).mean()
    return {encoder: known.get(encoder, work / (entries[encoder].parameters or UNKNOWN)) for encoder in study.encoders}


def published_speed(study: Study, facts: Facts) -> pd.DataFrame:
    """The speed of the paper's runs, all of one encoder, in the form of measured runs."""
    parameters = study.registries.encoders[ENCODER].parameters
    measures = dict(zip(MEASURES, (facts.speed, parameters, parameters), strict=True))
    return pd.DataFrame([{"encoder": ENCODER, "device": MACHINE, **measures}])


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
    stops = costs.groupby("corpus")["stop_epoch"].mean()  # where the paper states none, the mean over its corpora
    rows, sizes = [], _trained_on(study, facts)
    for (corpus, encoder, kind, limit, pruned), count in _jobs(study).items():
        epochs = min(limit, stops.get(corpus, stops.mean()))
        ends = epochs, limit, max(0, epochs - pruned) if pruned else 0
        rows.append((encoder, kind, count, *(count * sizes[corpus] * end for end in ends)))
    names = {name: f"documents{name}" for name in ("", "_at_most", "_prunable")}
    frame = pd.DataFrame(rows, columns=["encoder", "kind", "jobs", *names.values()])
    frame = frame.groupby(["encoder", "kind"]).agg(lambda values: values.sum(skipna=False)).reset_index()
    frame["docs_per_second"] = frame["encoder"].map(speeds(runs, study)).astype(float)
    hours = {f"hours{end}": frame[name] / frame["docs_per_second"] / 3600 for end, name in names.items()}
    return frame.assign(**hours).drop(columns="documents_prunable")


def _jobs(study: Study) -> Counter:
    """The number of jobs by (corpus, encoder, kind, most epochs, epochs of a pruned trial; 0 if it is not pruned)."""
    tuning, jobs = study.settings.tuning, Counter()
    for run in study.trained:
        jobs[run.corpus, run.encoder, "run", study.objective(run.objective).training.epochs, 0] += 1
    for search in study.searches():
        objective, limit = study.objective(search.objective), trial_epochs(study, search.objective)
        trials = complete = trained_trials(study, search.objective)
        if objective.pruning != "never" and tuning.pruner.kind != "none":
            complete = min(trials, max(1, tuning.pruner.startup_trials))
        jobs[search.corpus, search.encoder, "trial", limit, 0] += complete + trained_finals(study, search.objective)
        jobs[search.corpus, search.encoder, "trial", limit, max(1, tuning.pruner.warmup_epochs)] += trials - complete
    return +jobs


def kept_bytes(study: Study, facts: Facts) -> float:
    """Bytes that all runs keep: mostly embeddings in float16, of test documents or, if standalone, of all documents.

    NaN if the size of a corpus or of an encoder's hidden state is not known.
    """
    hidden = {encoder: study.registries.encoders[encoder].hidden or UNKNOWN for encoder in study.encoders}
    return sum(_encoded(study, run, facts) * hidden[run.encoder] * 2 + SMALL_FILES for run in study.trained)


def checkpoint_bytes(study: Study) -> dict[str, float]:
    """Bytes of a run's checkpoint by encoder: weights, best weights and two moments of the optimizer in float32."""
    entries = study.registries.encoders
    return {encoder: 16 * (entries[encoder].parameters or UNKNOWN) for encoder in study.encoders}


def _encoded(study: Study, run: Run, facts: Facts) -> float:
    """The number of documents whose embeddings a run keeps."""
    sizes = documents_used(study, run.corpus, facts.documents)
    return sizes["test"] if study.objective(run.objective).protocol == "integrated" else sum(sizes.values())


def _trained_on(study: Study, facts: Facts) -> dict[str, float]:
    return {corpus: documents_used(study, corpus, facts.documents)["train"] for corpus in study.corpora}


def plan_text(study: Study, runs: pd.DataFrame, costs: pd.DataFrame, facts: Facts) -> str:
    """The plan as text. Arguments are those of ``plan``."""
    frame = plan(study, runs, costs, facts)
    columns = {"jobs": 0, "docs_per_second": 1, "hours": 1, "hours_at_most": 1}  # with their digits
    rows = [
        [row["encoder"], row["kind"], *(number(row[name], digits) for name, digits in columns.items())]
        for row in frame.to_dict("records")
    ]
    headers = ["encoder", "kind", "jobs", "documents/s", "hours", "at most"]
    devices = ", ".join(sorted(runs["device"].unique()))
    checkpoints = ", ".join(f"{name} {number(size / 1e9, 1)} GB" for name, size in checkpoint_bytes(study).items())
    lines = [
        f"{study.name}: {len(study.runs)} runs and {len(study.searches())} searches, "
        f"{_hours(frame)} hours on one device like the measured one ({devices})",
        pipe_table(headers, rows, right=[False, False, True, True, True, True]),
        RANGE,
    ]
    if (saved := frame["hours_prunable"].sum(skipna=False)) > 0:
        lines.append(f"No pruning of trials is counted on; it saves up to {number(saved, 1)} of the lower hours.")
    whole = runs["n_trainable"] == runs["n_parameters"]
    if study.settings.encoder.trainable_layers is not None and whole.any():
        lines.append(
            "The measured runs trained whole encoders, this study trains the top alone: it takes a part of this."
        )
    if part := without_stop(study, costs):
        mean = number(costs.groupby("corpus")["stop_epoch"].mean().mean())
        lines.append(
            f"Of the hours, {_hours(plan(part, runs, costs, facts))} are of {', '.join(part.corpora)}, for which the "
            f"paper states no epochs: assumed is the mean over its corpora, {mean}."
        )
    kept = number(kept_bytes(study, facts) / 1e9, 2)
    lines.append(f"Disk: all runs keep {kept} GB; a run needs besides: {checkpoints}")
    needed = {f"config/corpora.yaml: {corpus}.documents": size for corpus, size in _trained_on(study, facts).items()}
    needed |= {f"config/encoders.yaml: {encoder}.parameters": rate for encoder, rate in speeds(runs, study).items()}
    if missing := ", ".join(name for name, value in needed.items() if pd.isna(value)):
        lines.append(f"A dash is not known: {missing} not stated. Measured runs (FROM=...) give an encoder's speed.")
    return "\n".join(lines) + "\n"


def _hours(frame: pd.DataFrame) -> str:
    """The range of all hours of a plan, e.g. "71.2 to 98.4"; one number if both ends are the same."""
    ends = [number(frame[name].sum(skipna=False), 1) for name in ("hours", "hours_at_most")]
    return " to ".join(dict.fromkeys(ends))


def without_stop(study: Study, costs: pd.DataFrame) -> Study | None:
    """The runs of a study on corpora for which the paper states no early stop; None if there are none."""
    runs = tuple(run for run in study.runs if run.corpus not in set(costs["corpus"]))
    return replace(study, runs=runs) if runs else None


def print_plan(study: Study, runs_file: Path | None, config_dir: Path) -> None:
    """Print the plan of a study at the speed of runs.parquet of a finished study, or that of the paper.

    SettingsError if there is no such file, or it has no measured runs.
    """
    costs, facts = published_costs(config_dir / "published"), read_facts(config_dir / "published")
    try:
        columns = ["encoder", "device", *MEASURES]
        runs = pd.read_parquet(runs_file, columns=columns) if runs_file else published_speed(study, facts)
    except (OSError, ValueError):
        raise SettingsError(f"{runs_file}: no such file of runs; give the runs.parquet of a finished study") from None
    if not (runs["n_trainable"] > 0).any():
        raise SettingsError(f"{runs_file}: no run that trained; give the runs.parquet of a finished study")
    print(plan_text(study, runs, costs, facts))
