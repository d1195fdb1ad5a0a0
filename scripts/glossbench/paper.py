"""The paper's facts and numbers under our keys, read from config/published/.

Every function takes that folder, and raises GlossbenchError with the name of the file where one is missing or has not
the form that config/published/README.md describes. Snakemake imports this module while it parses the workflow, so
pandas is imported only by the functions that return frames.
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

KEYS = ["corpus", "encoder", "protocol", "objective"]
ENCODER = "bert-base"  # of T3, which has the paper's times, and of its t tests
MAX_LENGTH = 128  # tokens per document
MACHINE = "one A100 80 GB, at the speed of the paper's T3"
_SCORES = "encoder loss dataset accuracy_mean accuracy_std macro_f1_mean macro_f1_std"
# Columns that each file must have.
NEEDED = {
    "integrated": _SCORES,
    "standalone": f"{_SCORES} test_macro_silhouette total_train_seconds seconds_per_epoch early_stopping_epoch",
    "glue": "encoder loss",
    "sota": "model transductive",
    "names": "kind printed key",
    "corpora": "corpus train validation test",
    "encoders": "encoder parameters",
    "ttest": "comparison mean_gloss mean_baseline delta p_value",
}


@dataclass(frozen=True)
class Facts:
    """Sizes of the paper's corpora and encoders, and the speed of its runs."""

    # By corpus, the number of documents to learn from and to test on. The former are training and validation documents
    # together, because validation splits may differ.
    documents: dict[str, tuple[int, int]]
    parameters: dict[str, float]  # By encoder, the number of parameters, which the paper rounds to millions
    speed: float  # Documents per second that all runs in T3 trained on, over their whole training time


@lru_cache
def read_facts(folder: Path) -> Facts:
    """Read the paper's facts."""
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
    rows = _rows(folder, "names")
    return {
        kind: [row["key"] for row in rows if row["kind"] == kind] for kind in dict.fromkeys(row["kind"] for row in rows)
    }


@lru_cache
def key_of(folder: Path, kind: str, printed: str) -> str:
    """Our key for a corpus, encoder or objective that the paper prints; the name itself if names.csv lacks it."""
    names = {(row["kind"], row["printed"]): row["key"] for row in _rows(folder, "names")}
    return names.get((kind, printed), printed)


def published_results(folder: Path) -> "pd.DataFrame":
    """The scores in T2, T3 and T6: corpus, encoder, protocol, objective, metric, mean and std.

    metric is accuracy or macro_f1 (mean and std in percent) or macro_silhouette (in [-1, 1]). std is NaN where the
    paper prints none (silhouettes, T6).
    """
    import pandas as pd

    integrated, standalone = (_keyed(folder, protocol, protocol) for protocol in ("integrated", "standalone"))
    glue = _keyed(folder, "glue", "integrated")
    parts = [
        (table, metric, f"{metric}_mean", f"{metric}_std")
        for table in (integrated, standalone)
        for metric in ("accuracy", "macro_f1")
    ]
    parts += [(standalone, "macro_silhouette", "test_macro_silhouette", None), (glue, "accuracy", "accuracy", None)]
    frames = [
        table[KEYS].assign(metric=metric, mean=table[mean], std=table[std] if std else float("nan"))
        for table, metric, mean, std in parts
    ]
    return pd.concat(frames, ignore_index=True)


def published_costs(folder: Path) -> "pd.DataFrame":
    """The costs in T3: corpus, encoder, objective, total_train_seconds, seconds_per_epoch and stop_epoch (a count)."""
    table = _keyed(folder, "standalone", "standalone").rename(columns={"early_stopping_epoch": "stop_epoch"})
    return table[["corpus", "encoder", "objective", "total_train_seconds", "seconds_per_epoch", "stop_epoch"]]


def published_models(folder: Path) -> "pd.DataFrame":
    """The scores in T5: model (the printed name), transductive, corpus and accuracy (percent).

    transductive is whether the model reads the test documents, without their labels, while it is trained.
    """
    table = _table(folder, "sota")
    table = table.assign(transductive=table["transductive"] == "yes")
    return table.melt(["model", "transductive"], var_name="corpus", value_name="accuracy")


def published_ttests(folder: Path) -> "pd.DataFrame":
    """The tests in T9, as printed: objective, baseline, mean, baseline_mean, difference (percent) and p_value."""
    table = _table(folder, "ttest")
    sides = table["comparison"].str.split(" vs ", expand=True).map(lambda name: key_of(folder, "objective", name))
    table = table.assign(objective=sides[0], baseline=sides[1])
    columns = {"mean_gloss": "mean", "mean_baseline": "baseline_mean", "delta": "difference", "p_value": "p_value"}
    return table.rename(columns=columns)[["objective", "baseline", *columns.values()]]


def published_runs(folder: Path) -> "pd.DataFrame":
    """The paper's means in the form of runs.parquet, so that the same code can judge both.

    Returns:
        One row per cell with seed 0. Columns corpus, encoder, protocol, objective and the columns of its key, seed,
        test_accuracy, test_macro_f1, test_macro_silhouette (fractions), seconds_per_epoch and stop_epoch; NaN where
        the paper prints nothing.
    """
    means = published_results(folder).pivot(index=KEYS, columns="metric", values="mean")
    means[["accuracy", "macro_f1"]] /= 100
    costs = published_costs(folder).drop(columns="total_train_seconds")
    runs = means.add_prefix("test_").reset_index().merge(costs, "left").rename_axis(columns=None)
    return runs.assign(seed=0, base=runs["objective"], unvaried=runs["objective"], setting="", value="")


# What a table or figure can read of the paper, by its name in ``reads`` of config/outputs.yaml.
READERS: dict[str, Callable[[Path], Any]] = {
    "results": published_results,
    "models": published_models,
    "ttests": published_ttests,
    "facts": read_facts,
}


def _keyed(folder: Path, name: str, protocol: str) -> "pd.DataFrame":
    """A file as a frame, with our keys under corpus, encoder and objective, and a protocol."""
    table = _table(folder, name)
    if "dataset" not in table:
        table = table.melt(["encoder", "loss"], var_name="dataset", value_name="accuracy")
    printed = {"corpus": "dataset", "encoder": "encoder", "objective": "loss"}
    keys = {kind: [key_of(folder, kind, name) for name in table[column]] for kind, column in printed.items()}
    return table.assign(**keys, protocol=protocol)


def _rows(folder: Path, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(_text(folder, name))))


def _table(folder: Path, name: str) -> "pd.DataFrame":
    import pandas as pd

    try:
        return pd.read_csv(io.StringIO(_text(folder, name)))
    except ValueError as error:
        raise GlossbenchError(f"{folder}/published_{name}.csv: not a csv table: {str(error).strip()}") from None


def _text(folder: Path, name: str) -> str:
    """The text of a file that has the columns which ``NEEDED`` lists for it."""
    path = Path(folder, f"published_{name}.csv" if name != "names" else "names.csv")
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise GlossbenchError(f"{path}: {error.strerror}; the paper's numbers were expected there") from None
    except ValueError:
        raise GlossbenchError(f"{path}: not a csv table in UTF-8") from None
    columns = next(csv.reader(io.StringIO(text)), [])
    if missing := [column for column in NEEDED[name].split() if column not in columns]:
        raise GlossbenchError(f"{path}: no column {', '.join(missing)}; columns here: {', '.join(columns)}")
    return text
