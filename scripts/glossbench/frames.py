"""The frames that learning hands to evidence: their columns, the kind of values in each, and their row keys.

``collect`` and ``project_embeddings`` write frames with this module. Evidence relies on the contract defined here.
"""

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pandas as pd
from pandas.api import types

from glossbench.errors import GlossbenchError

KINDS: dict[str, Callable[[pd.Series], bool]] = {
    "text": lambda values: values.dropna().map(type).eq(str).all(),
    "count": types.is_integer_dtype,
    "count if any": lambda values: types.is_numeric_dtype(values) and (values.dropna() % 1 == 0).all(),
    "number": lambda values: types.is_numeric_dtype(values) and not types.is_bool_dtype(values),
    "fraction": lambda values: types.is_float_dtype(values) and values.dropna().between(0, 1).all(),
    "silhouette": lambda values: types.is_float_dtype(values) and values.dropna().between(-1, 1).all(),
    "flag": types.is_bool_dtype,
    "vector": lambda values: values.map(lambda value: isinstance(value, np.ndarray)).all(),
}
# Columns that group runs: a cell, as in the paper; an experiment, which is an objective in a cell; a figure's panels.
CELL = ["corpus", "encoder"]
EXPERIMENT = [*CELL, "objective"]
EXPERIMENT_OF_PROTOCOL = [*CELL, "protocol", "objective"]
PANEL = ["protocol", *CELL]
LINE = [*PANEL, "objective"]
RUN_OF_EXPERIMENT = [*EXPERIMENT, "seed"]
RUN_OF_PROTOCOL = [*EXPERIMENT_OF_PROTOCOL, "seed"]
# Columns that identify a run, in the order by which rows are sorted.
RUN_KEYS = ["corpus", "encoder", "objective", "preset", "protocol", "seed"]
# Parts of an objective's key: the registry's entry, the key without changed settings, and the change ("" if none).
OBJECTIVE_COLUMNS = ["base", "unvaried", "setting", "value"]

# Digests of the settings and the code of the jobs that made a run or a search (``provenance.origin``), and the commit.
RUN_ORIGIN = ["training_settings", "training_code", "evaluation_settings", "evaluation_code", "commit"]
SEARCH_ORIGIN = ["search_settings", "search_code"]

# What the first batch of an epoch says: of the graph, where the loss has one, and the share of each of two terms in the
# gradient at the embeddings.
GRAPH_COLUMNS = [
    "sigma", "sigma_over_median", "effective_neighbors", "propagated_accuracy", "chance_loss", "eliminated",
    "gradient_share_ce", "gradient_share_metric",
]  # fmt: skip

# Columns that a frame has only where its study asks for them.
OPTIONAL = {"trials": dict.fromkeys(["final_value", "test_accuracy", "test_macro_f1"], "number")}
# A time that was measured while other processes kept more cores busy than this is neither ranked nor judged.
QUIET = 0.5

OBJECTIVE = dict.fromkeys(["objective", *OBJECTIVE_COLUMNS], "text")
RUN = dict.fromkeys(RUN_KEYS[:-1], "text") | OBJECTIVE | {"seed": "count"}
CONTRACT: dict[str, dict[str, str]] = {
    "runs": {
        "study": "text", **RUN,
        **dict.fromkeys(["test_accuracy", "test_macro_f1", "val_macro_f1"], "fraction"),
        **dict.fromkeys(["test_accuracy_deduplicated", "test_macro_f1_deduplicated"], "fraction"),
        **dict.fromkeys(["test_macro_silhouette", "val_macro_silhouette"], "silhouette"),
        **dict.fromkeys(["n_train", "n_val", "n_test", "trials", "numerics"], "count"),
        **dict.fromkeys(["best_epoch", "stop_epoch", "max_length", "patience", "n_test_deduplicated"], "count if any"),
        "n_parameters": "number", **dict.fromkeys(["n_trainable", "threads"], "count"),
        **dict.fromkeys(["sigma", "labeled_fraction", "weight", "temperature", "margin"], "number"),
        **dict.fromkeys(["anchors_per_class", "probe_C"], "number"),
        **dict.fromkeys(["learning_rate", "batch_size", "max_epochs", "layers", "trainable_layers"], "number"),
        **dict.fromkeys(["train_seconds", "seconds_per_epoch", "total_seconds"], "number"),
        **dict.fromkeys(["docs_per_second", "tokens_per_second", "peak_memory_mib"], "number"),
        **dict.fromkeys(["pooling", "probe", "device", "precision"], "text"),
        **dict.fromkeys(["torch_version", "transformers_version", "python_version"], "text"),
        **{"processor": "text", "cores": "count if any", "load": "number", "neighbors": "number"},
        **dict.fromkeys(["unknown_tokens", "truncated_tokens"], "fraction"),
        "tuned": "flag", **dict.fromkeys(RUN_ORIGIN, "text"),
    },
    "epochs": {
        **RUN, "epoch": "count", "best": "flag",
        **dict.fromkeys(["loss", "loss_ce", "loss_metric", "learning_rate", "left_out_share"], "number"),
        "val_macro_f1": "number", "val_macro_silhouette": "number",
        **{f"seconds_{part}": "number" for part in (
            "forward", "backward", "optimizer", "graph", "propagation", "other", "validation", "epoch", "elsewhere",
        )},
        **dict.fromkeys(GRAPH_COLUMNS, "number"),
    },
    "corpora": {
        **dict.fromkeys(["corpus", "title", "source", "licence"], "text"),
        **dict.fromkeys(["n_documents", "n_train", "n_val", "n_test", "n_classes"], "count"),
        **dict.fromkeys(["n_empty", "n_duplicates", "n_test_in_train", "n_conflicts"], "count"),
    },
    "trials": {
        "study": "text", **dict.fromkeys([*RUN_KEYS[:-1], "base"], "text"), "trial": "count",
        **dict.fromkeys(["state", "score", "space", *SEARCH_ORIGIN], "text"), "best": "flag", "start": "flag",
        **dict.fromkeys(["value", "epochs", "seconds", "repeats"], "number"),
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
ROW_KEYS = {
    "runs": RUN_KEYS,
    "epochs": [*RUN_KEYS, "epoch"],
    "corpora": ["corpus"],
    "trials": [*RUN_KEYS[:-1], "trial"],
    "projections": ["corpus", "encoder", "objective", "seed", "doc_id"],
    "snapshots": [*RUN_KEYS, "epoch", "position"],
    "coverage": RUN_KEYS,
}


def contract_violations(name: str, frame: pd.DataFrame) -> list[str]:
    """Short descriptions of the ways in which a frame breaks its contract. It may have more columns."""
    contract, keys = CONTRACT[name], ROW_KEYS[name]
    missing = [column for column in dict.fromkeys([*contract, *keys]) if column not in frame]
    violations = [f"no column {', '.join(missing)}"] if missing else []
    for column, kind in {**contract, **OPTIONAL.get(name, {})}.items():
        if column in frame and not KINDS[kind](frame[column]):
            violations.append(f"column {column}: each value must be a {kind}")
    if not missing and frame.duplicated(keys).any():
        violations.append(f"{frame.duplicated(keys).sum()} rows repeat the {', '.join(keys)} of another")
    return violations


def write_frame(name: str, frame: pd.DataFrame, path: str | Path) -> None:
    """Write a frame as Parquet; a GlossbenchError that names the file if the frame breaks its contract."""
    if violations := contract_violations(name, frame):
        raise GlossbenchError(f"{path}: {'; '.join(violations)}")
    frame.to_parquet(path, index=False)


def without_rows(name: str, columns: Iterable[str] | None = None) -> pd.DataFrame:
    """These columns of a frame, or all, of the kinds that its contract asks for."""
    types = {"text": "object", "vector": "object", "count": "int64", "flag": "bool"}
    kinds = {**dict.fromkeys(ROW_KEYS[name], "text"), **CONTRACT[name]}
    columns = kinds if columns is None else columns
    return pd.DataFrame({one: pd.Series(dtype=types.get(kinds[one], "float64")) for one in columns})


def with_objective_columns(
    frame: pd.DataFrame, objectives: dict[str, dict[str, str]], columns: list[str] = OBJECTIVE_COLUMNS
) -> pd.DataFrame:
    """Insert ``columns`` of an objective's key after the column ``objective``.

    ``objectives`` has the values of ``OBJECTIVE_COLUMNS`` by objective key; see ``CollectSettings``.
    """
    place = frame.columns.get_loc("objective") + 1
    new = {name: [objectives[key][name] for key in frame["objective"]] for name in columns}
    parts = [frame.iloc[:, :place], pd.DataFrame(new, index=frame.index, dtype=object), frame.iloc[:, place:]]
    return pd.concat(parts, axis=1)
