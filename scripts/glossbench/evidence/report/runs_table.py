"""The table of all runs in the report: displayed texts, and the numbers by which columns are sorted."""

from collections.abc import Callable
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Column:
    """A column of runs.parquet, and how the table shows it.

    Args:
        key: Name of the column.
        header: Displayed header.
        shown: Formats a value.
        worded: Whether values are words, which are aligned left and sorted alphabetically.
        sized: Whether the text does not sort as a number, so that cells need the number as well.
        common: Whether a value that all runs share is shown once above the table, not in a column.
    """

    key: str
    header: str
    shown: Callable[[Any], str]
    worded: bool = False
    sized: bool = False
    common: bool = False


@dataclass(frozen=True)
class Cell:
    """A text, and the number to sort it by; None if the text itself is sorted."""

    text: str
    value: float | None = None


@dataclass(frozen=True)
class RunsTable:
    """The table of all runs.

    Args:
        columns: Columns of the table.
        rows: For each run, one cell per column.
        shared: Text by header, for the columns in which all runs have the same value.
        choices: The distinct texts by header, in display order, for the columns that rows can be filtered by.
    """

    columns: list[Column]
    rows: list[list[Cell]]
    shared: dict[str, str]
    choices: dict[str, list[str]]


def _percent(value: float) -> str:
    return number(100 * value, 2)


def _silhouette(value: float) -> str:
    return number(value, 4)


def _yes(value: Any) -> str:
    return "yes" if value else "no"


KEYS = ["corpus", "encoder", "protocol", "objective", "seed"]
COLUMNS = [
    Column("corpus", "Corpus", corpus_name, worded=True),
    Column("encoder", "Encoder", encoder_name, worded=True),
    Column("protocol", "Protocol", protocol_name, worded=True),
    Column("objective", "Objective", objective_name, worded=True),
    Column("seed", "Seed", str),
    Column("test_accuracy", "Test accuracy", _percent),
    Column("test_macro_f1", "Test macro-F1", _percent),
    Column("test_macro_silhouette", "Test silhouette", _silhouette),
    Column("val_macro_f1", "Val. macro-F1", _percent),
    Column("val_macro_silhouette", "Val. silhouette", _silhouette),
    Column("best_epoch", "Best epoch", number),
    Column("stop_epoch", "Last epoch", number),
    Column("total_seconds", "Time", duration, sized=True),
    Column("seconds_per_epoch", "Time an epoch", duration, sized=True),
    Column("docs_per_second", "Docs/s", number),
    Column("peak_memory_mib", "Peak MiB", number),
    Column("sigma", SYMBOLS["sigma"], significant),
    Column("labeled_fraction", SYMBOLS["labeled_fraction"], significant),
    Column("weight", SYMBOLS["weight"], significant),
    Column("temperature", SYMBOLS["temperature"], significant),
    Column("margin", "Margin", significant),
    Column("anchors_per_class", "Anchors", number),
    Column("learning_rate", "Learning rate", significant, common=True),
    Column("batch_size", "Batch size", number, common=True),
    Column("max_epochs", "Epochs at most", number, common=True),
    Column("tuned", "Tuned", _yes, worded=True, common=True),
    Column("probe_C", "Probe C", significant),
    Column("n_train", "Train", number, common=True),
    Column("n_val", "Val.", number, common=True),
    Column("n_test", "Test", number, common=True),
    Column("n_trainable", "Trained parameters", number, common=True),
    Column("device", "Device", str, worded=True, common=True),
    Column("precision", "Precision", str, worded=True, common=True),
    Column("threads", "Threads", number, common=True),
    Column("torch_version", "torch", str, worded=True, common=True),
    Column("transformers_version", "transformers", str, worded=True, common=True),
    Column("python_version", "Python", str, worded=True, common=True),
]
KNOWN = {column.key for column in COLUMNS}


def runs_table(runs: pd.DataFrame) -> RunsTable:
    """Every run with its scores (percent; silhouettes in [-1, 1]), epochs, cost, settings and machine.

    Args:
        runs: The collected runs. Missing and empty columns are left out.
    """
    rows = arrange(runs, KEYS)
    own = [Column(key, entry["title"], significant) for key, entry in entries("setting").items() if key not in KNOWN]
    known = [column for column in [*COLUMNS, *own] if column.key in rows and rows[column.key].notna().any()]
    shared = [column for column in known if column.common and rows[column.key].nunique(dropna=False) == 1]
    columns = [column for column in known if column not in shared]
    cells = [_cells(column, rows[column.key]) for column in columns]
    return RunsTable(
        columns=columns,
        rows=[list(row) for row in zip(*cells, strict=True)],
        shared={column.header: column.shown(rows[column.key].iloc[0]) for column in shared},
        choices={
            column.header: list(dict.fromkeys(arrange(rows, [column.key])[column.key].map(column.shown)))
            for column in columns
            if column.key in KEYS and rows[column.key].nunique() > 1
        },
    )


def _cells(column: Column, values: pd.Series) -> list[Cell]:
    if column.sized:
        return [Cell(column.shown(value), None if pd.isna(value) else round(float(value), 3)) for value in values]
    return [Cell(column.shown(value)) for value in values]
