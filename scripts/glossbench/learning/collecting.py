"""All runs of a study in one frame, all their epochs in another, and so for searches, corpora and snapshots."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from glossbench.errors import OTHER_SETTINGS, CorpusError
from glossbench.files import read_made, reading
from glossbench.frames import (
    CELL,
    CONTRACT,
    EXPERIMENT,
    OBJECTIVE_COLUMNS,
    OPTIONAL,
    RUN_KEYS,
    SEARCH_ORIGIN,
    with_objective_columns,
    without_rows,
)
from glossbench.learning.evaluation.metrics import run_columns
from glossbench.settings.jobs import CollectSettings

FLOATS = ("number", "count if any", "fraction", "silhouette")  # kinds of columns that may have missing values
TIMING = [
    "train_seconds", "seconds_per_epoch", "total_seconds", "docs_per_second", "tokens_per_second",
    "peak_memory_mib", "device", "precision", "threads", "torch_version", "transformers_version", "python_version",
    "commit", "processor", "cores", "load", "neighbors", "unknown_tokens", "truncated_tokens",
]  # fmt: skip
Paths = Iterable[str]


def collect(settings: CollectSettings, files: dict[str, list[str]]) -> dict[str, pd.DataFrame]:
    """The frames of a study by name.

    Args:
        settings: The study's name, what each objective's key says, and the planned runs whose results are not there.
        files: Paths by name, in one order for those of runs (metrics, timing), of runs with training
            (epochs, epoch_seconds), of searches (best, trials, trial_seconds) and of snapshots (snapshots,
            snapshot_settings); cards.

    Returns:
        runs, epochs, corpora and coverage, and trials and snapshots where there are files of them.

    Raises:
        CorpusError: No run has finished.
        GlossbenchError: A file cannot be read.
    """
    if not files["metrics"]:
        raise CorpusError(f"results/{settings.study}: no run has finished yet")
    metrics = {Path(path).parent: read_made(path) for path in files["metrics"]}
    cards = {card["corpus"]: card for card in map(read_made, files["cards"])}
    runs = collect_runs(settings.study, list(metrics.values()), files["timing"])
    missing = pd.DataFrame(list(settings.unfinished), columns=RUN_KEYS)
    planned = pd.concat([runs[RUN_KEYS].assign(finished=True), missing.assign(finished=False)], ignore_index=True)
    frames = {
        "runs": runs,
        "epochs": collect_epochs(metrics, files["epochs"], files["epoch_seconds"]),
        "coverage": planned.sort_values(RUN_KEYS, ignore_index=True).astype({"seed": "int64", "finished": bool}),
    }
    if files.get("snapshots"):
        frames["snapshots"] = collect_snapshots(files["snapshot_settings"], files["snapshots"], cards)
    frames = {name: with_objective_columns(frame, settings.objectives) for name, frame in frames.items()}
    counts = pd.Series(dtype="int64")  # of the trials of each search
    if files.get("best"):
        trials = collect_trials(settings.study, files["best"], files["trials"], files["trial_seconds"])
        counts = trials.groupby(EXPERIMENT).size()
        frames["trials"] = with_objective_columns(trials, settings.objectives, ["base"])
    cells = frames["runs"][[*CELL, "unvaried"]].itertuples(index=False, name=None)
    searched = [counts.get(cell, 0) for cell in cells]
    frames["runs"]["trials"] = np.where(frames["runs"]["tuned"], searched, 0)
    described = [
        {name: json.dumps(value, sort_keys=True) if isinstance(value, dict) else value for name, value in card.items()}
        for card in cards.values()
    ]
    return {**frames, "corpora": pd.DataFrame(described)}


def collect_runs(study: str, metrics: list[dict[str, Any]], timing: Paths) -> pd.DataFrame:
    """One row per run: its metrics, and what timing.json says of it."""
    rows = []
    for found, timing_file in zip(metrics, timing, strict=True):
        seconds = read_made(timing_file)
        origins_of = {"training": seconds["origin"], "evaluation": found["origin"]}
        # of results from before it was recorded it is 1, as for who imports them (``archives.run_checks``)
        numerics = min(one.get("numerics", 1) for one in origins_of.values())
        row = {
            "study": study,
            **found,
            **{name: seconds.get(name, found.get(name)) for name in TIMING},
            **origins(origins_of),
        }
        rows.append({**row, "numerics": numerics})
    frame = pd.DataFrame(rows).drop(columns="origin").sort_values(RUN_KEYS, ignore_index=True)
    return frame.astype({name: float for name, kind in CONTRACT["runs"].items() if kind in FLOATS and name in frame})


def refuse_other_settings(runs: pd.DataFrame, expected: dict[str, list[str] | None]) -> None:
    """Raise CorpusError if a run was made with other settings than those of the study.

    Args:
        runs: The collected runs.
        expected: Digests of the settings of training and evaluation by the folder of a run or of its experiment, below
            the study's; None for runs that were made elsewhere, and judged when they were imported.
    """
    for run in runs.itertuples():
        experiment = f"runs/{run.corpus}/{run.encoder}/{run.objective}"
        digests = expected.get(f"{experiment}/seed-{run.seed}", expected.get(experiment))
        if digests not in (None, [run.training_settings, run.evaluation_settings]):
            raise CorpusError(OTHER_SETTINGS.format(f"results/{run.study}/{experiment}/seed-{run.seed}"))


def origins(origins_of: dict[str, dict[str, Any]]) -> dict[str, str]:
    """What jobs were made from, as columns: ``{job}_settings`` and ``{job}_code``."""
    return {f"{job}_{part}": found[part] for job, found in origins_of.items() for part in ("settings", "code")}


def collect_epochs(metrics: dict[Path, dict[str, Any]], epochs: Paths, timing: Paths) -> pd.DataFrame:
    """One row per epoch of a run (by folder): the run's keys, loss terms, validation score, seconds of each part."""
    frames = []
    for epochs_file, timing_file in zip(epochs, timing, strict=True):
        run = metrics[Path(epochs_file).parent]
        frames.append(_joined(epochs_file, timing_file, "epoch").assign(**{key: run[key] for key in RUN_KEYS}))
    if not frames:
        return without_rows("epochs", [column for column in CONTRACT["epochs"] if column not in OBJECTIVE_COLUMNS])
    return _sorted(frames, [*RUN_KEYS, "epoch"], first=RUN_KEYS)


def collect_trials(study: str, best: Paths, trials: Paths, timing: Paths) -> pd.DataFrame:
    """One row per trial of every search: the search's keys and space, the trial's state, value, seconds and settings.

    A setting that another search has is missing.
    """
    frames = []
    for best_file, trials_file, timing_file in zip(best, trials, timing, strict=True):
        found = yaml.safe_load(Path(best_file).read_text(encoding="utf-8"))
        keys = {key: found[key] for key in ("corpus", "encoder", "preset", "protocol", "score")}
        keys |= {"study": study, "objective": found["objective_key"], **origins({"search": found["origin"]})}
        frame = _joined(trials_file, timing_file, "trial")
        frames.append(frame.assign(**keys, space=json.dumps(found["search"], sort_keys=True)))
    search = RUN_KEYS[:-1]
    first = ["study", *search, "trial", "state", "value", "score", "epochs", "seconds", "best", "space", *SEARCH_ORIGIN]
    first += ["start", *(column for column in OPTIONAL["trials"] if any(column in frame for frame in frames))]
    frames = [frame.assign(start=frame.get("start", False)) for frame in frames]
    settings = sorted({column for frame in frames for column in frame} - set(first))
    return _sorted(frames, [*search, "trial"], [*first, *settings])


def collect_snapshots(settings: Paths, snapshots: Paths, cards: dict[str, Any]) -> pd.DataFrame:
    """One row per document of a mini-batch and epoch: the run's keys, document, label, embedding (float16)."""
    frames = []
    for settings_file, snapshots_file in zip(settings, snapshots, strict=True):
        run, stored = run_columns(read_made(settings_file)), np.load(snapshots_file)
        names = np.array(cards[run["corpus"]]["class_names"])[stored["labels"]]
        document = {"doc_id": stored["doc_ids"], "label": stored["labels"], "class_name": names}
        for epoch, embeddings in enumerate(stored["embeddings"]):
            frame = pd.DataFrame({"position": range(len(names)), **document, "embedding": list(embeddings)})
            frames.append(frame.assign(epoch=epoch, **{key: run[key] for key in (*RUN_KEYS, "sigma")}))
    by = [*RUN_KEYS, "epoch", "position"]
    return _sorted(frames, by, by)


def _joined(file: str, timing: str, on: str) -> pd.DataFrame:
    """A table and the seconds of its rows."""
    with reading(file):
        return pd.read_csv(file).merge(pd.read_csv(timing), on=on, validate="one_to_one")


def _sorted(frames: list[pd.DataFrame], by: list[str], first: list[str]) -> pd.DataFrame:
    """The rows of all frames in order, with the columns ``first`` before the others."""
    frame = pd.concat(frames, ignore_index=True).sort_values(by, ignore_index=True)
    return frame[[*first, *(column for column in frame if column not in first)]]
