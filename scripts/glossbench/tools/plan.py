"""Estimates the hours and the disk space that a study needs, from measured documents per second.

``python -m glossbench.tools.plan STUDY [RUNS]``, where STUDY is a study file and RUNS the runs.parquet of a finished
study. Without RUNS, the speed is that of the paper: BERT-base on one A100.
"""

import sys
from collections import Counter
from pathlib import Path

import pandas as pd

from glossbench.errors import GlossbenchError, SettingsError
from glossbench.evidence.paper.facts import Facts, read_facts
from glossbench.evidence.paper.published import published_costs
from glossbench.evidence.text.markdown import pipe_table
from glossbench.evidence.text.numbers import number
from glossbench.study.grid import Run
from glossbench.study.study import Study, load_study
from glossbench.study.yaml_file import read_yaml

SMALL_FILES = 100_000  # bytes of a run's settings, epochs, metrics, predictions and timing
CONFIG = Path(__file__).parents[3] / "config"
PAPER_MACHINE = "one A100 80 GB, by the seconds an epoch in the paper's T3"


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
    measured = runs.groupby("encoder").agg({"docs_per_second": "median", "n_trainable": "median"})
    by_encoder = {}
    for encoder in study.encoders:
        if encoder in measured.index:
            by_encoder[encoder] = measured.loc[encoder, "docs_per_second"]
        else:
            parameters = study.registry["encoders"][encoder].get("parameters", float("nan"))
            by_encoder[encoder] = (measured["docs_per_second"] * measured["n_trainable"] / parameters).mean()
    return by_encoder


def published_speed(study: Study, costs: pd.DataFrame) -> pd.DataFrame:
    """The speed of the paper's runs, from the seconds per epoch in T3, in the form of measured runs.

    Args:
        study: The study, for the sizes in its registries.
        costs: From ``published_costs``.

    Returns:
        Columns encoder, docs_per_second, n_trainable and device.
    """
    corpora, encoders = study.registry["corpora"], study.registry["encoders"]
    sizes = costs["corpus"].map(lambda corpus: corpora[corpus]["documents"]["train"])
    return pd.DataFrame(
        {
            "encoder": costs["encoder"],
            "docs_per_second": sizes / costs["seconds_per_epoch"],
            "n_trainable": costs["encoder"].map(lambda encoder: encoders[encoder]["parameters"]),
            "device": PAPER_MACHINE,
        }
    )


def stop_epochs(study: Study, costs: pd.DataFrame) -> dict[str, float]:
    """Epochs of a run by corpus: the paper's mean early stop on that corpus or, if it has none, on all corpora.

    They are at most the epochs that the study allows.
    """
    published = costs.groupby("corpus")["stop_epoch"].mean()
    limit = study.settings["training"]["epochs"]
    return {corpus: min(limit, published.get(corpus, published.mean())) for corpus in study.corpora}


def plan(study: Study, runs: pd.DataFrame, costs: pd.DataFrame, facts: Facts) -> pd.DataFrame:
    """Hours by encoder and kind of job.

    Args:
        study: The study.
        runs: Measured runs.
        costs: From ``published_costs``.
        facts: The paper's sizes, for corpora whose registry entry states none.

    Returns:
        Columns encoder, kind ("run" or "trial"), jobs, documents (training documents of all epochs of all jobs),
        docs_per_second and hours. NaN if a size or a speed is not known.
    """
    rate, epochs, tuning = speeds(runs, study), stop_epochs(study, costs), study.settings["tuning"]
    jobs = Counter((run.corpus, run.encoder, "run") for run in study.trained)
    for search in study.tuning_jobs():
        trials = tuning["trials_by_objective"].get(search.objective, tuning["trials"])
        jobs[search.corpus, search.encoder, "trial"] += trials
    rows = [
        {
            "encoder": encoder,
            "kind": kind,
            "jobs": count,
            "documents": count * _training_documents(study, corpus, facts) * _epochs(study, epochs[corpus], kind),
            "docs_per_second": rate[encoder],
        }
        for (corpus, encoder, kind), count in jobs.items()
    ]
    groups = pd.DataFrame(rows).groupby(["encoder", "kind"], sort=True)
    frame = groups.agg(
        jobs=("jobs", "sum"),
        documents=("documents", lambda values: values.sum(skipna=False)),
        docs_per_second=("docs_per_second", "first"),
    ).reset_index()
    return frame.assign(hours=frame["documents"] / frame["docs_per_second"] / 3600)


def kept_bytes(study: Study, facts: Facts) -> float:
    """Bytes that all runs keep: mostly embeddings in float16, of test documents or, if standalone, of all documents.

    NaN if the size of a corpus or of an encoder's hidden state is not known.
    """
    encoders = study.registry["encoders"]
    return sum(
        _encoded(study, run, facts) * encoders[run.encoder].get("hidden", float("nan")) * 2 + SMALL_FILES
        for run in study.trained
    )


def checkpoint_bytes(study: Study) -> dict[str, float]:
    """Bytes of a run's checkpoint by encoder: weights, best weights and two moments of the optimizer in float32."""
    encoders = study.registry["encoders"]
    return {encoder: 16 * encoders[encoder].get("parameters", float("nan")) for encoder in study.encoders}


def _encoded(study: Study, run: Run, facts: Facts) -> float:
    """The number of documents whose embeddings a run keeps."""
    sizes, subset = _sizes(study, run.corpus, facts), study.settings["subset"]
    n_test = subset["test"] or sizes["test"]
    if study.objective(run.objective)["protocol"] == "integrated":
        return n_test
    if subset["train"] is None:
        return n_test + sizes["train"] + sizes["val"]
    return n_test + subset["train"] + (subset["val"] or sizes["val"])


def _epochs(study: Study, epochs: float, kind: str) -> float:
    limit = study.settings["tuning"]["epochs"] if kind == "trial" else None
    return min(epochs, limit or epochs)


def _training_documents(study: Study, corpus: str, facts: Facts) -> float:
    return study.settings["subset"]["train"] or _sizes(study, corpus, facts)["train"]


def _sizes(study: Study, corpus: str, facts: Facts) -> dict[str, float]:
    """Documents by split, from the registry or else from the paper; NaN if unknown.

    The paper's documents to learn from count as training documents.
    """
    stated = study.registry["corpora"][corpus].get("documents")
    if stated:
        return stated
    learned, tested = facts.documents.get(corpus, (float("nan"), float("nan")))
    return {"train": learned, "val": 0, "test": tested}


def plan_text(study: Study, runs: pd.DataFrame, frame: pd.DataFrame, facts: Facts) -> str:
    """The plan as text.

    Args:
        study: The study.
        runs: Measured runs, for their device.
        frame: From ``plan``.
        facts: The paper's sizes.
    """
    rows = [
        [
            row.encoder,
            row.kind,
            *map(number, (row.jobs, row.documents)),
            *(number(value, 1) for value in (row.docs_per_second, row.hours)),
        ]
        for row in frame.itertuples(index=False)
    ]
    headers = ["encoder", "kind", "jobs", "documents", "documents/s", "hours"]
    devices = ", ".join(sorted(runs["device"].unique()))
    checkpoints = ", ".join(f"{name} {number(size / 1e9, 1)} GB" for name, size in checkpoint_bytes(study).items())
    lines = [
        f"{study.name}: {len(study.runs)} runs and {len(study.tuning_jobs())} searches, "
        f"{number(frame['hours'].sum(skipna=False), 1)} hours on one device like the measured one ({devices})",
        pipe_table(headers, rows, right=[False, False, True, True, True, True]),
        "Epochs are the mean early stop that the paper has for each corpus, or for all; encoders not measured",
        "are scaled by their parameters; no pruning of trials is counted on.",
        f"Disk: all runs keep {number(kept_bytes(study, facts) / 1e9, 2)} GB; a run needs besides: {checkpoints}",
        *_unknown(study, frame, facts),
    ]
    return "\n".join(lines) + "\n"


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


def main(study_file: str, runs_file: str | None = None) -> None:
    """Print the plan of a study.

    Args:
        study_file: The study file.
        runs_file: runs.parquet of a finished study; None for the paper's speed.
    """
    study = load_study(read_yaml(Path(study_file)), study_file, CONFIG)
    costs, facts = published_costs(CONFIG / "published"), read_facts(CONFIG / "published")
    if runs_file is not None and not Path(runs_file).is_file():
        raise SettingsError(f"{runs_file}: no such file; give the runs.parquet of a finished study")
    runs = pd.read_parquet(runs_file) if runs_file else published_speed(study, costs)
    print(plan_text(study, runs, plan(study, runs, costs, facts), facts))


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except GlossbenchError as error:
        sys.exit(f"glossbench: {error}")
