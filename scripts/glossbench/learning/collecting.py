"""All runs of a study in one frame, all their epochs in another, and so for searches, corpora and snapshots."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from glossbench.errors import CorpusError
from glossbench.files import read_json
from glossbench.frames import (
    CONTRACT,
    OBJECTIVE_COLUMNS,
    RUN_KEYS,
    SEARCH_ORIGIN,
    with_objective_columns,
    without_rows,
)
from glossbench.learning.evaluation.metrics import run_columns, scores
from glossbench.settings.jobs import CollectSettings

FLOATS = ("number", "count if any", "fraction", "silhouette")  # kinds of columns that may have missing values
TIMING = [
    "train_seconds", "seconds_per_epoch", "total_seconds", "docs_per_second", "tokens_per_second",
    "peak_memory_mib", "device", "precision", "threads", "torch_version", "transformers_version", "python_version",
    "commit",
]  # fmt: skip
OTHER_SETTINGS = (
    "{}: made with other settings than the study has, and Snakemake has no record of that (--touch does this, or a "
    "removed .snakemake); delete this folder and run again"
)
Paths = Iterable[str]


def collect(told: CollectSettings, files: dict[str, list[str]]) -> dict[str, pd.DataFrame]:
    """The frames of a study by name.

    Args:
        told: The study's name, what each objective's key says, and the planned runs whose results are not there.
        files: Paths by name, in one order for those of runs (metrics, timing, predictions), of runs with training
            (epochs, epoch_seconds), of searches (best, trials, trial_seconds) and of snapshots (snapshots,
            snapshot_settings); cards.

    Returns:
        runs, epochs, corpora and coverage, and trials and snapshots where there are files of them.

    Raises:
        CorpusError: No run has finished.
    """
    if not files["metrics"]:
        raise CorpusError(f"results/{told.study}: no run has finished yet")
    runs = collect_runs(told.study, *(files[name] for name in ("metrics", "timing", "predictions", "cards")))
    frames = {
        "runs": runs,
        "epochs": collect_epochs(files["metrics"], files["epochs"], files["epoch_seconds"]),
        "coverage": coverage(runs, told.unfinished),
    }
    if files.get("snapshots"):
        frames["snapshots"] = collect_snapshots(files["snapshot_settings"], files["snapshots"], files["cards"])
    frames = {name: with_objective_columns(frame, told.objectives) for name, frame in frames.items()}
    if files.get("best"):
        trials = collect_trials(told.study, files["best"], files["trials"], files["trial_seconds"])
        frames["trials"] = with_objective_columns(trials, told.objectives, ["base"])
    frames["runs"] = with_trials(frames["runs"], frames.get("trials"))
    return {**frames, "corpora": collect_corpora(files["cards"])}


def collect_runs(study: str, metrics: Paths, timing: Paths, predictions: Paths, cards: Paths) -> pd.DataFrame:
    """One row per run: its metrics.json, and what timing.json says of it."""
    copies = {card["corpus"]: card["test_in_train"] for card in map(_read, cards)}
    rows = []
    for metrics_file, timing_file, predictions_file in zip(metrics, timing, predictions, strict=True):
        found, seconds = _read(metrics_file), _read(timing_file)
        if "n_test_deduplicated" not in found:  # imported, and evaluated before evaluations were given the card
            found |= scores(pd.read_parquet(predictions_file), copies[found["corpus"]])
        made_from = {"training": seconds["origin"], "evaluation": found.pop("origin")}
        # results from before NUMERICS was told have its first value
        numerics = min(told.get("numerics", 1) for told in made_from.values())
        told = {name: seconds.get(name) for name in TIMING}
        rows.append({"study": study, **found, **told, **origins(made_from), "numerics": numerics})
    frame = pd.DataFrame(rows).sort_values(RUN_KEYS, ignore_index=True)
    return frame.astype({name: float for name, kind in CONTRACT["runs"].items() if kind in FLOATS and name in frame})


def refuse_other_settings(runs: pd.DataFrame, expected: dict[str, list[str] | None]) -> None:
    """Raise CorpusError if a run was made with other settings than those of the study.

    Snakemake makes such a run again, unless it has lost its record of the run.

    Args:
        runs: The collected runs.
        expected: Digests of the settings of training and evaluation by the folder of a run or of its cell, below the
            study's; None for runs that were made elsewhere, and judged when they were imported.
    """
    for run in runs.itertuples():
        cell = f"runs/{run.corpus}/{run.encoder}/{run.objective}"
        digests = expected.get(f"{cell}/seed-{run.seed}", expected.get(cell))
        if digests not in (None, [run.training_settings, run.evaluation_settings]):
            raise CorpusError(OTHER_SETTINGS.format(f"results/{run.study}/{cell}/seed-{run.seed}"))


def origins(made_from: dict[str, dict[str, Any]]) -> dict[str, str]:
    """What jobs were made from, as columns: ``{job}_settings`` and ``{job}_code``."""
    return {f"{job}_{part}": found[part] for job, found in made_from.items() for part in ("settings", "code")}


def with_trials(runs: pd.DataFrame, trials: pd.DataFrame | None) -> pd.DataFrame:
    """The runs with a column ``trials``: the number of trials of the search whose settings a run took, or 0."""
    if trials is None:
        return runs.assign(trials=0)
    counts = trials.groupby(["corpus", "encoder", "objective"]).size()
    cells = pd.MultiIndex.from_frame(runs[["corpus", "encoder", "unvaried"]])
    found = counts.reindex(cells, fill_value=0).to_numpy()
    return runs.assign(trials=np.where(runs["tuned"], found, 0))


def collect_epochs(metrics: Paths, epochs: Paths, timing: Paths) -> pd.DataFrame:
    """One row per epoch of a run: the run's keys, loss terms, validation score and the seconds of each part.

    Untuned objectives have no epochs, so they have neither of the last two files.
    """
    runs = {Path(path).parent: _read(path) for path in metrics}
    frames = []
    for epochs_file, timing_file in zip(epochs, timing, strict=True):
        frame = pd.read_csv(epochs_file).merge(pd.read_csv(timing_file), on="epoch", validate="one_to_one")
        run = runs[Path(epochs_file).parent]
        frames.append(frame.assign(**{key: run[key] for key in RUN_KEYS}))
    if not frames:
        return without_rows("epochs", [column for column in CONTRACT["epochs"] if column not in OBJECTIVE_COLUMNS])
    return _sorted(pd.concat(frames, ignore_index=True), [*RUN_KEYS, "epoch"], first=RUN_KEYS)


def collect_corpora(cards: Paths) -> pd.DataFrame:
    """One row per corpus: its card, nested counts as JSON text."""
    rows = [
        {key: json.dumps(value, sort_keys=True) if isinstance(value, dict) else value for key, value in card.items()}
        for card in map(_read, cards)
    ]
    return pd.DataFrame(rows)


def collect_trials(study: str, best: Paths, trials: Paths, timing: Paths) -> pd.DataFrame:
    """One row per trial of every search: the search's keys and space, the trial's settings, state, value and seconds.

    There is a column for each setting that any search has; it is missing where a search does not have the setting.
    """
    frames = []
    for best_file, trials_file, timing_file in zip(best, trials, timing, strict=True):
        found = yaml.safe_load(Path(best_file).read_text(encoding="utf-8"))
        keys = {key: found[key] for key in ("corpus", "encoder", "preset", "protocol", "score")}
        keys |= {"study": study, "objective": found["objective_key"]}
        frame = pd.read_csv(trials_file).merge(pd.read_csv(timing_file), on="trial", validate="one_to_one")
        keys |= origins({"search": found["origin"]})
        frames.append(frame.assign(**keys, space=json.dumps(found["search"], sort_keys=True)))
    search = RUN_KEYS[:-1]
    first = ["study", *search, "trial", "state", "value", "score", "epochs", "seconds", "best", "space", *SEARCH_ORIGIN]
    collected = pd.concat(frames, ignore_index=True)
    return _sorted(collected[first + sorted(set(collected) - set(first))], [*search, "trial"], first)


def collect_snapshots(settings: Paths, snapshots: Paths, cards: Paths) -> pd.DataFrame:
    """One row per document of a mini-batch and epoch: the run's keys, document, label, embedding (float16)."""
    names = {card["corpus"]: card["class_names"] for card in map(_read, cards)}
    frames = []
    for settings_file, snapshots_file in zip(settings, snapshots, strict=True):
        run, stored = run_columns(_read(settings_file)), np.load(snapshots_file)
        classes = np.array(names[run["corpus"]])
        for epoch, embeddings in enumerate(stored["embeddings"]):
            document = {"doc_id": stored["doc_ids"], "label": stored["labels"], "class_name": classes[stored["labels"]]}
            frame = pd.DataFrame({"position": range(len(embeddings)), **document, "embedding": list(embeddings)})
            frames.append(frame.assign(epoch=epoch, **{key: run[key] for key in (*RUN_KEYS, "sigma")}))
    return _sorted(pd.concat(frames, ignore_index=True), [*RUN_KEYS, "epoch", "position"])


def coverage(runs: pd.DataFrame, unfinished: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """One row per planned run: its keys, and whether it has finished."""
    missing = pd.DataFrame(list(unfinished), columns=RUN_KEYS)
    frame = pd.concat([runs[RUN_KEYS].assign(finished=True), missing.assign(finished=False)], ignore_index=True)
    return frame.sort_values(RUN_KEYS, ignore_index=True).astype({"seed": "int64", "finished": bool})


def _sorted(frame: pd.DataFrame, by: list[str], first: list[str] | None = None) -> pd.DataFrame:
    """The rows in order, with the columns ``first`` (by default those they are sorted by) before the others."""
    first = by if first is None else first
    return frame[first + [column for column in frame if column not in first]].sort_values(by, ignore_index=True)


def _read(path: str) -> dict[str, Any]:
    try:
        return read_json(path)
    except ValueError as error:
        raise CorpusError(f"{path}: not valid JSON ({error}); delete it and run again") from None
