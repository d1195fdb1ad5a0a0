"""The table of all runs in the report: displayed texts, and the numbers by which columns are sorted."""

from collections.abc import Callable
from typing import Any

import pandas as pd

from glossbench.evidence.text.names import (
    SYMBOLS,
    arrange,
    corpus_name,
    encoder_name,
    entries,
    objective_name,
    protocol_name,
)
from glossbench.evidence.text.numbers import duration, number, significant
from glossbench.frames import RUN_OF_PROTOCOL


def _percent(value: float) -> str:
    return number(100 * value, 2)


def _silhouette(value: float) -> str:
    return number(value, 4)


def _yes(value: Any) -> str:
    return "yes" if value else "no"


# Header and format of columns of runs.parquet, in the order of the table.
COLUMNS: dict[str, tuple[str, Callable[[Any], str]]] = {
    "corpus": ("Corpus", corpus_name),
    "encoder": ("Encoder", encoder_name),
    "protocol": ("Protocol", protocol_name),
    "objective": ("Objective", objective_name),
    "seed": ("Seed", "{:d}".format),
    "test_accuracy": ("Test accuracy", _percent),
    "test_macro_f1": ("Test macro-F1", _percent),
    "test_macro_silhouette": ("Test silhouette", _silhouette),
    "val_macro_f1": ("Val. macro-F1", _percent),
    "val_macro_silhouette": ("Val. silhouette", _silhouette),
    "best_epoch": ("Best epoch", number),
    "stop_epoch": ("Last epoch", number),
    "total_seconds": ("Time", duration),
    "seconds_per_epoch": ("Time per epoch", duration),
    "docs_per_second": ("Docs/s", number),
    "load": ("Other cores busy", lambda value: number(value, 1)),
    "peak_memory_mib": ("Peak MiB", number),
    **{key: (SYMBOLS[key], significant) for key in ("sigma", "neighbors", "labeled_fraction", "weight", "temperature")},
    "margin": ("Margin", significant),
    "anchors_per_class": ("Anchors", number),
    "learning_rate": ("Learning rate", significant),
    "batch_size": ("Batch size", number),
    "max_epochs": ("Epochs at most", number),
    "tuned": ("Tuned", _yes),
    "probe_C": ("Probe C", significant),
    "n_train": ("Train", number),
    "n_val": ("Val.", number),
    "n_test": ("Test", number),
    "n_trainable": ("Trained parameters", number),
    "device": ("Device", str),
    "processor": ("Processor", str),
    "cores": ("Cores", number),
    "precision": ("Precision", str),
    "threads": ("Threads", number),
    "torch_version": ("torch", str),
    "transformers_version": ("transformers", str),
    "python_version": ("Python", str),
}
# Columns that are said once above the table where all runs have the same value.
COMMON = {*list(COLUMNS)[list(COLUMNS).index("learning_rate") :]} - {"probe_C"}
# Formats of words, which are aligned left and sorted alphabetically.
WORDED = (corpus_name, encoder_name, protocol_name, objective_name, _yes, str)


def runs_table(runs: pd.DataFrame) -> dict[str, Any]:
    """Every run with its scores (percent; silhouettes in [-1, 1]), epochs, cost, settings and machine.

    Missing and empty columns are left out.

    Returns:
        ``columns`` (key, header and whether its values are words), ``rows`` (for each run a text per column, with the
        number to sort it by, or None if the text itself is sorted), ``shared`` (text by header of the columns in which
        all runs have the same value) and ``choices`` (the distinct texts by header, in display order, for the columns
        that rows can be filtered by).
    """
    rows = arrange(runs, RUN_OF_PROTOCOL)
    own = {key: (entry["title"], significant) for key, entry in entries("setting").items() if key not in COLUMNS}
    known = {key: about for key, about in {**COLUMNS, **own}.items() if key in rows and rows[key].notna().any()}
    shared = [key for key in known if key in COMMON and rows[key].nunique(dropna=False) == 1]
    columns = {key: about for key, about in known.items() if key not in shared}
    cells = []
    for key, (_, shown) in columns.items():
        timed = shown is duration  # whose text does not sort as a number
        sizes = [round(float(size), 3) if timed and pd.notna(size) else None for size in rows[key]]
        cells.append(zip(map(shown, rows[key]), sizes, strict=True))
    return {
        "columns": [(key, header, shown in WORDED) for key, (header, shown) in columns.items()],
        "rows": list(zip(*cells, strict=True)),
        "shared": {known[key][0]: known[key][1](rows[key].iloc[0]) for key in shared},
        "choices": {
            header: list(dict.fromkeys(map(shown, arrange(rows, [key])[key])))
            for key, (header, shown) in columns.items()
            if key in RUN_OF_PROTOCOL and rows[key].nunique() > 1
        },
    }
