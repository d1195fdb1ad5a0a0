"""The frames that learning hands to evidence: their columns, what is in them, and what makes a row one of its kind.

``collect`` and ``project_embeddings`` write through this module; everything downstream reads by it.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from pandas.api import types

from glossbench.errors import GlossbenchError

KINDS: dict[str, Callable[[pd.Series], bool]] = {
    "text": lambda values: values.dropna().map(type).eq(str).all(),
    "count": types.is_integer_dtype,
    "number": lambda values: types.is_numeric_dtype(values) and not types.is_bool_dtype(values),
    "fraction": lambda values: types.is_float_dtype(values) and values.dropna().between(0, 1).all(),
    "silhouette": lambda values: types.is_float_dtype(values) and values.dropna().between(-1, 1).all(),
    "flag": types.is_bool_dtype,
    "vector": lambda values: values.map(lambda value: isinstance(value, np.ndarray)).all(),
}
# What tells a run from others, and the order of rows.
RUN_KEYS = ["corpus", "encoder", "objective", "preset", "protocol", "seed"]
# What the objective's key says: the registry's entry, the key without changed settings, what is changed (or "").
OBJECTIVE_COLUMNS = ["base", "unvaried", "setting", "value"]

OBJECTIVE = dict.fromkeys(["objective", *OBJECTIVE_COLUMNS], "text")
RUN = dict.fromkeys(RUN_KEYS[:-1], "text") | OBJECTIVE | {"seed": "count"}
CONTRACT: dict[str, dict[str, str]] = {
    "runs": {
        "study": "text", **RUN,
        **dict.fromkeys(["test_accuracy", "test_macro_f1", "val_macro_f1"], "fraction"),
        **dict.fromkeys(["test_macro_silhouette", "val_macro_silhouette"], "silhouette"),
        **dict.fromkeys(["best_epoch", "stop_epoch", "n_train", "n_val", "n_test"], "count"),
        **dict.fromkeys(["n_parameters", "n_trainable", "threads"], "number"),
        **dict.fromkeys(["sigma", "labeled_fraction", "weight", "temperature", "margin", "probe_C"], "number"),
        **dict.fromkeys(["learning_rate", "batch_size", "max_epochs"], "number"),
        **dict.fromkeys(["train_seconds", "seconds_per_epoch", "total_seconds"], "number"),
        **dict.fromkeys(["docs_per_second", "peak_memory_mib"], "number"),
        **dict.fromkeys(["device", "precision", "torch_version", "transformers_version", "python_version"], "text"),
        "tuned": "flag",
    },
    "epochs": {
        **RUN, "epoch": "count", "best": "flag",
        **dict.fromkeys(["loss", "loss_ce", "loss_metric", "learning_rate", "left_out_share"], "number"),
        "val_macro_f1": "number", "val_macro_silhouette": "number",
        **{f"seconds_{part}": "number" for part in (
            "forward", "backward", "optimizer", "graph", "propagation", "other", "validation", "epoch",
        )},
    },
    "corpora": {
        **dict.fromkeys(["corpus", "title", "source", "licence"], "text"),
        **dict.fromkeys(["n_documents", "n_train", "n_val", "n_test", "n_classes"], "count"),
        **dict.fromkeys(["n_empty", "n_duplicates", "n_test_in_train", "n_conflicts"], "count"),
    },
    "trials": {
        "study": "text", **dict.fromkeys([*RUN_KEYS[:-1], "base"], "text"), "trial": "count",
        **dict.fromkeys(["state", "score", "space"], "text"), "best": "flag",
        **dict.fromkeys(["value", "epochs", "seconds"], "number"),
    },
    "projections": {
        **dict.fromkeys(["corpus", "encoder", "class_name"], "text"), **OBJECTIVE,
        "seed": "count", "label": "count", "x": "number", "y": "number",
    },
    "snapshots": {
        **RUN, "epoch": "count", "position": "count", "label": "count", "class_name": "text", "sigma": "number",
        "embedding": "vector",
    },
    "coverage": {**RUN, "finished": "flag"},
}  # fmt: skip
ONE_ROW = {
    "runs": RUN_KEYS,
    "epochs": [*RUN_KEYS, "epoch"],
    "corpora": ["corpus"],
    "trials": [*RUN_KEYS[:-1], "trial"],
    "projections": ["corpus", "encoder", "objective", "seed", "doc_id"],
    "snapshots": [*RUN_KEYS, "epoch", "position"],
    "coverage": RUN_KEYS,
}


def contract_violations(name: str, frame: pd.DataFrame) -> list[str]:
    """In what a frame breaks its contract.

    Args:
        name: A key of ``CONTRACT``.
        frame: Columns beyond those of the contract are welcome.

    Returns:
        A few words for each violation, none where there is none.
    """
    contract, keys = CONTRACT[name], ONE_ROW[name]
    missing = [column for column in dict.fromkeys([*contract, *keys]) if column not in frame]
    found = [f"no column {', '.join(missing)}"] if missing else []
    for column, kind in contract.items():
        if column in frame and not KINDS[kind](frame[column]):
            found.append(f"column {column}: each value must be a {kind}")
    if not missing and frame.duplicated(keys).any():
        found.append(f"{frame.duplicated(keys).sum()} rows repeat the {', '.join(keys)} of another")
    return found


def write_frame(name: str, frame: pd.DataFrame, path: str | Path) -> None:
    """Write a frame as Parquet. Raises GlossbenchError, naming the file, where it breaks its contract."""
    if violations := contract_violations(name, frame):
        raise GlossbenchError(f"{path}: {'; '.join(violations)}")
    frame.to_parquet(path, index=False)


def with_objective_columns(
    frame: pd.DataFrame, objectives: dict[str, dict[str, str]], columns: list[str] = OBJECTIVE_COLUMNS
) -> pd.DataFrame:
    """A frame with ``columns`` behind its column ``objective``.

    Args:
        frame: Has a column ``objective``.
        objectives: ``OBJECTIVE_COLUMNS`` by objective key, as ``study.keys`` makes them.
        columns: Those that the frame gets.
    """
    place = frame.columns.get_loc("objective") + 1
    new = {name: [objectives[key][name] for key in frame["objective"]] for name in columns}
    parts = [frame.iloc[:, :place], pd.DataFrame(new, index=frame.index, dtype=object), frame.iloc[:, place:]]
    return pd.concat(parts, axis=1)
