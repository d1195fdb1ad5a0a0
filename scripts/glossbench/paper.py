"""The paper's facts and numbers under our keys, read from config/published/.

Every function takes that folder. Snakemake imports this module while it parses the workflow, so pandas is imported only
by the functions that return frames.
"""

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glossbench.errors import GlossbenchError

if TYPE_CHECKING:
    import pandas as pd

COSTS = {
    "total_train_seconds": "total_train_seconds",
    "seconds_per_epoch": "seconds_per_epoch",
    "early_stopping_epoch": "stop_epoch",
}
_SCORES = ["encoder", "loss", "dataset", "accuracy_mean", "accuracy_std", "macro_f1_mean", "macro_f1_std"]
# Columns that each file must have.
NEEDED = {
    "integrated": _SCORES,
    "standalone": [*_SCORES, "test_macro_silhouette", *COSTS],
    "glue": ["encoder", "loss"],
    "sota": ["model", "transductive"],
    "names": ["kind", "printed", "key"],
    "corpora": ["corpus", "train", "validation", "test"],
    "encoders": ["encoder", "parameters"],
    "ttest": ["comparison", "mean_gloss", "mean_baseline", "delta", "p_value"],
}


@dataclass(frozen=True)
class Facts:
    """Sizes of the paper's corpora and encoders, and the speed of its runs.

    Args:
        documents: By corpus, the number of documents to learn from and to test on. The former are training and
            validation documents together, because validation splits may differ.
        parameters: By encoder, the number of parameters, which the paper rounds to millions.
        speed: Documents per second that all runs in T3 trained on, over their whole training time.
    """

    documents: dict[str, tuple[int, int]]
    parameters: dict[str, float]
    speed: float


@lru_cache
def read_facts(folder: Path) -> Facts:
    """Read the paper's facts.

    Raises:
        GlossbenchError: A file is missing or has no column of that name. The message names the file.
    """
    corpora, encoders, runs = (_rows(folder, name) for name in ("corpora", "encoders", "standalone"))
    train = {row["corpus"]: int(row["train"]) for row in corpora}
    documents = sum(train[key_of(folder, "corpus", row["dataset"])] * int(row["early_stopping_epoch"]) for row in runs)
    return Facts(
        {row["corpus"]: (int(row["train"]) + int(row["validation"] or 0), int(row["test"])) for row in corpora},
        {key_of(folder, "encoder", row["encoder"]): float(row["parameters"]) for row in encoders},
        documents / sum(float(row["total_train_seconds"]) for row in runs),
    )


@lru_cache
def paper_keys(folder: Path) -> dict[str, list[str]]:
    """Keys by kind ("corpus", "encoder", "objective"), in the order of names.csv."""
    keys: dict[str, list[str]] = {}
    for row in _rows(folder, "names"):
        keys.setdefault(row["kind"], []).append(row["key"])
    return keys


def key_of(folder: Path, kind: str, printed: str) -> str:
    """Our key for a name in the paper; the name itself if names.csv does not list it.

    Args:
        folder: config/published.
        kind: "corpus", "encoder" or "objective".
        printed: The name in the paper.
    """
    return _names(folder).get((kind, printed), printed)


def published_results(folder: Path) -> "pd.DataFrame":
    """The scores in T2, T3 and T6.

    Returns:
        Columns corpus, encoder, protocol, objective, metric, mean and std. metric is accuracy or macro_f1 (mean and
        std in percent) or macro_silhouette (in [-1, 1]). std is NaN where the paper prints none (silhouettes, T6).

    Raises:
        GlossbenchError: A file is missing or does not have the form that config/published/README.md describes. The
            message names the file.
    """
    import pandas as pd

    nan = float("nan")
    tables = {protocol: _table(folder, protocol) for protocol in ("integrated", "standalone")}
    glue = _table(folder, "glue").melt(["encoder", "loss"], var_name="dataset", value_name="accuracy")
    frames = [
        _keyed(folder, table, protocol).assign(metric=metric, mean=table[f"{metric}_mean"], std=table[f"{metric}_std"])
        for protocol, table in tables.items()
        for metric in ("accuracy", "macro_f1")
    ]
    silhouettes = tables["standalone"]["test_macro_silhouette"]
    keys = _keyed(folder, tables["standalone"], "standalone")
    frames.append(keys.assign(metric="macro_silhouette", mean=silhouettes, std=nan))
    frames.append(_keyed(folder, glue, "integrated").assign(metric="accuracy", mean=glue["accuracy"], std=nan))
    return pd.concat(frames, ignore_index=True)


def published_costs(folder: Path) -> "pd.DataFrame":
    """The costs in T3.

    Returns:
        Columns corpus, encoder, objective, total_train_seconds, seconds_per_epoch (seconds) and stop_epoch (count).
    """
    table = _table(folder, "standalone")
    return _keyed(folder, table, "standalone").drop(columns="protocol").join(table[list(COSTS)].rename(columns=COSTS))


def published_models(folder: Path) -> "pd.DataFrame":
    """The scores in T5.

    Returns:
        Columns model (the printed name), transductive (whether the model reads the test documents, without their
        labels, while it is trained), corpus and accuracy (percent).
    """
    table = _table(folder, "sota")
    table = table.assign(transductive=table["transductive"] == "yes")
    return table.melt(["model", "transductive"], var_name="corpus", value_name="accuracy")


def published_ttests(folder: Path) -> "pd.DataFrame":
    """The tests in T9, as printed.

    Returns:
        Columns objective, baseline, mean, baseline_mean, difference (accuracy, percent) and p_value.
    """
    table = _table(folder, "ttest")
    sides = table["comparison"].str.split(" vs ", expand=True)
    columns = {"mean_gloss": "mean", "mean_baseline": "baseline_mean", "delta": "difference", "p_value": "p_value"}
    for place, side in enumerate(["objective", "baseline"]):
        table.insert(place, side, [key_of(folder, "objective", name) for name in sides[place]])
    return table.drop(columns="comparison").rename(columns=columns)[["objective", "baseline", *columns.values()]]


def published_runs(folder: Path) -> "pd.DataFrame":
    """The paper's means in the form of runs.parquet, so that the same code can judge both.

    Returns:
        One row per cell with seed 0. Columns corpus, encoder, protocol, objective and the columns of its key, seed,
        test_accuracy, test_macro_f1, test_macro_silhouette (fractions), seconds_per_epoch and stop_epoch; NaN where
        the paper prints nothing.
    """
    keys = ["corpus", "encoder", "protocol", "objective"]
    means = published_results(folder).pivot(index=keys, columns="metric", values="mean")
    means[["accuracy", "macro_f1"]] /= 100
    costs = published_costs(folder)[[*keys[:2], "objective", "seconds_per_epoch", "stop_epoch"]]
    runs = means.add_prefix("test_").reset_index().merge(costs, "left").rename_axis(columns=None)
    return runs.assign(seed=0, base=runs["objective"], unvaried=runs["objective"], setting="", value="")


# What a table or figure can read of the paper, by its name in ``reads`` of config/outputs.yaml.
READERS: dict[str, Callable[[Path], Any]] = {
    "results": published_results,
    "models": published_models,
    "ttests": published_ttests,
    "facts": read_facts,
}


def _keyed(folder: Path, table: "pd.DataFrame", protocol: str) -> "pd.DataFrame":
    """The columns corpus, encoder, objective (our keys) and protocol of a table with the paper's names."""
    printed = {"corpus": "dataset", "encoder": "encoder", "objective": "loss"}
    keys = {kind: [key_of(folder, kind, name) for name in table[column]] for kind, column in printed.items()}
    return table[[]].assign(**keys, protocol=protocol)


@lru_cache
def _names(folder: Path) -> dict[tuple[str, str], str]:
    return {(row["kind"], row["printed"]): row["key"] for row in _rows(folder, "names")}


def _rows(folder: Path, name: str) -> list[dict[str, str]]:
    """The rows of a file as texts by column."""
    return list(csv.DictReader(io.StringIO(_text(folder, name))))


def _table(folder: Path, name: str) -> "pd.DataFrame":
    """A file as a frame."""
    import pandas as pd

    try:
        return pd.read_csv(io.StringIO(_text(folder, name)))
    except ValueError as error:
        raise GlossbenchError(f"{_path(folder, name)}: not a csv table: {str(error).strip()}") from None


def _text(folder: Path, name: str) -> str:
    """The text of a file that has the columns which ``NEEDED`` lists for it."""
    path = _path(folder, name)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise GlossbenchError(f"{path}: {error.strerror}; the paper's numbers were expected there") from None
    except ValueError:
        raise GlossbenchError(f"{path}: not a csv table in UTF-8") from None
    columns = next(csv.reader(io.StringIO(text)), [])
    if missing := [column for column in NEEDED[name] if column not in columns]:
        raise GlossbenchError(f"{path}: no column {', '.join(missing)}; columns here: {', '.join(columns)}")
    return text


def _path(folder: Path, name: str) -> Path:
    return Path(folder) / ("names.csv" if name == "names" else f"published_{name}.csv")
