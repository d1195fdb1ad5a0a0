"""All runs of a study in one frame, all their epochs in another, and so for searches, corpora and snapshots."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from glossbench.errors import CorpusError
from glossbench.learning.run_columns import identity

KEYS = ["corpus", "encoder", "objective", "preset", "protocol", "seed"]
OPTIONAL = [
    "sigma",
    "labeled_fraction",
    "temperature",
    "margin",
    "weight",
    "probe_C",
    "val_macro_silhouette",
    "test_macro_silhouette",
]
TIMING = [
    "train_seconds", "seconds_per_epoch", "total_seconds", "docs_per_second", "peak_memory_mib", "device",
    "precision", "threads", "torch_version", "transformers_version", "python_version",
]  # fmt: skip


def collect_runs(study: str, metrics: list[str], timing: list[str]) -> pd.DataFrame:
    """One row a run: its metrics.json and what timing.json says of it."""
    rows = []
    for metrics_file, timing_file in zip(metrics, timing, strict=True):
        seconds = _read(timing_file)
        rows.append({"study": study, **_read(metrics_file), **{name: seconds[name] for name in TIMING}})
    frame = pd.DataFrame(rows).sort_values(KEYS, ignore_index=True)
    return frame.astype(dict.fromkeys(OPTIONAL, float))


def collect_epochs(metrics: list[str], timing: list[str]) -> pd.DataFrame:
    """One row an epoch of a run: the run's keys, loss terms, validation score and the seconds of each part.

    epochs.csv and timing.csv are read from beside each timing.json.
    """
    frames = []
    for metrics_file, timing_file in zip(metrics, timing, strict=True):
        run = {key: value for key, value in _read(metrics_file).items() if key in KEYS}
        epochs, seconds = (pd.read_csv(Path(timing_file).with_name(name)) for name in ("epochs.csv", "timing.csv"))
        frame = epochs.merge(seconds, on="epoch", validate="one_to_one")
        frames.append(frame.assign(**run))
    collected = pd.concat(frames, ignore_index=True)
    return collected[KEYS + [column for column in collected if column not in KEYS]].sort_values(
        [*KEYS, "epoch"], ignore_index=True
    )


def collect_corpora(cards: list[str]) -> pd.DataFrame:
    """One row a corpus: its card, nested counts as JSON text."""
    rows = []
    for path in cards:
        card = _read(path)
        rows.append(
            {
                key: json.dumps(value, sort_keys=True) if isinstance(value, dict) else value
                for key, value in card.items()
            }
        )
    return pd.DataFrame(rows)


def collect_trials(study: str, best: list[str], trials: list[str], timing: list[str]) -> pd.DataFrame:
    """One row a trial of every search: the search's keys and space, the trial's settings, state, value and seconds.

    A column for each setting that any search has, missing where a search does not have it.
    """
    frames = []
    for best_file, trials_file, timing_file in zip(best, trials, timing, strict=True):
        found = yaml.safe_load(Path(best_file).read_text(encoding="utf-8"))
        keys = {key: found[key] for key in ("corpus", "encoder", "preset", "protocol", "score")}
        keys |= {"study": study, "objective": found["objective_key"]}
        frame = pd.read_csv(trials_file).merge(pd.read_csv(timing_file), on="trial", validate="one_to_one")
        frames.append(frame.assign(**keys, space=json.dumps(found["search"], sort_keys=True)))
    first = ["study", *KEYS[:-1], "trial", "state", "value", "score", "epochs", "seconds", "best", "space"]
    collected = pd.concat(frames, ignore_index=True)
    return collected[first + sorted(set(collected) - set(first))].sort_values([*KEYS[:-1], "trial"], ignore_index=True)


def collect_snapshots(settings: list[str], snapshots: list[str], cards: list[str]) -> pd.DataFrame:
    """One row a document of a watched mini-batch and epoch: the run's keys, document, label, embedding (float16)."""
    names = {card["corpus"]: card["class_names"] for card in map(_read, cards)}
    frames = []
    for settings_file, snapshots_file in zip(settings, snapshots, strict=True):
        run, stored = identity(_read(settings_file)), np.load(snapshots_file)
        classes = np.array(names[run["corpus"]])
        for epoch, embeddings in enumerate(stored["embeddings"]):
            document = {"doc_id": stored["doc_ids"], "label": stored["labels"], "class_name": classes[stored["labels"]]}
            frame = pd.DataFrame({"position": range(len(embeddings)), **document, "embedding": list(embeddings)})
            frames.append(frame.assign(epoch=epoch, **{key: run[key] for key in (*KEYS, "sigma")}))
    collected = pd.concat(frames, ignore_index=True)
    first = [*KEYS, "epoch", "position"]
    collected = collected[first + [column for column in collected if column not in first]]
    return collected.sort_values(first, ignore_index=True)


def coverage(runs: pd.DataFrame, unfinished: list[dict]) -> pd.DataFrame:
    """One row a planned run: its keys, and whether it has finished."""
    missing = pd.DataFrame(unfinished, columns=KEYS)
    frame = pd.concat([runs[KEYS].assign(finished=True), missing.assign(finished=False)], ignore_index=True)
    return frame.sort_values(KEYS, ignore_index=True)


def _read(path: str) -> dict:
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError as error:
        raise CorpusError(f"{path}: not valid JSON ({error}); delete it and run again") from None
