"""The columns that the evidence counts on in each frame, and what stands in them."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from pandas.api import types

KINDS: dict[str, Callable[[pd.Series], bool]] = {
    "text": lambda values: values.dropna().map(type).eq(str).all(),
    "count": types.is_integer_dtype,
    "number": lambda values: types.is_numeric_dtype(values) and not types.is_bool_dtype(values),
    "fraction": lambda values: types.is_float_dtype(values) and values.dropna().between(0, 1).all(),
    "silhouette": lambda values: types.is_float_dtype(values) and values.dropna().between(-1, 1).all(),
    "flag": types.is_bool_dtype,
    "vector": lambda values: values.map(lambda value: isinstance(value, np.ndarray)).all(),
}
RUN = dict.fromkeys(["corpus", "encoder", "objective", "preset", "protocol"], "text") | {"seed": "count"}
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
        "study": "text", **{key: kind for key, kind in RUN.items() if key != "seed"}, "trial": "count",
        **dict.fromkeys(["state", "score", "space"], "text"), "best": "flag",
        **dict.fromkeys(["value", "epochs", "seconds"], "number"),
    },
    "projections": {
        **dict.fromkeys(["corpus", "encoder", "objective", "class_name"], "text"),
        "seed": "count", "label": "count", "x": "number", "y": "number",
    },
    "snapshots": {
        **RUN, "epoch": "count", "position": "count", "label": "count", "class_name": "text", "sigma": "number",
        "embedding": "vector",
    },
    "coverage": {**RUN, "finished": "flag"},
}  # fmt: skip
ONE_ROW = {
    "runs": list(RUN),
    "epochs": [*RUN, "epoch"],
    "corpora": ["corpus"],
    "trials": [*(key for key in RUN if key != "seed"), "trial"],
    "snapshots": [*RUN, "epoch", "position"],
    "coverage": list(RUN),
}


def departures(name: str, frame: pd.DataFrame) -> list[str]:
    """In what a frame is not as the evidence expects it: a few words each, none if in nothing.

    name: runs, epochs, corpora, trials, projections, snapshots or coverage. Columns beyond those of ``CONTRACT`` are
    welcome.
    """
    contract = CONTRACT[name]
    missing = [column for column in contract if column not in frame]
    found = [f"no column {', '.join(missing)}"] if missing else []
    for column, kind in contract.items():
        if column in frame and not KINDS[kind](frame[column]):
            found.append(f"column {column}: each value must be a {kind}")
    keys = ONE_ROW.get(name, [])
    if keys and not missing and frame.duplicated(keys).any():
        found.append(f"{frame.duplicated(keys).sum()} rows repeat the {', '.join(keys)} of another")
    return found
