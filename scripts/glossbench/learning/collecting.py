"""All runs of a study in one frame, all their epochs in another."""

import json
from pathlib import Path

import pandas as pd

from glossbench.errors import CorpusError

KEYS = ["corpus", "encoder", "objective", "preset", "protocol", "seed"]
OPTIONAL = [
    "sigma",
    "labeled_fraction",
    "temperature",
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


def collect_epochs(metrics: list[str], epochs: list[str], timing: list[str]) -> pd.DataFrame:
    """One row an epoch of a run: the run's keys, loss terms, validation score and the seconds of each part."""
    frames = []
    for metrics_file, epochs_file, timing_file in zip(metrics, epochs, timing, strict=True):
        run = {key: value for key, value in _read(metrics_file).items() if key in KEYS}
        frame = pd.read_csv(epochs_file).merge(pd.read_csv(timing_file), on="epoch", validate="one_to_one")
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


def _read(path: str) -> dict:
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError as error:
        raise CorpusError(f"{path}: not valid JSON ({error}); delete it and run again") from None
