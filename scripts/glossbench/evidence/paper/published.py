"""The paper's numbers as tidy frames, by our keys."""

from functools import lru_cache
from pathlib import Path

import pandas as pd

from glossbench.errors import GlossbenchError

RESULTS = ["corpus", "encoder", "protocol", "objective", "metric", "mean", "std"]
COSTS = {
    "total_train_seconds": "total_train_seconds",
    "seconds_per_epoch": "seconds_per_epoch",
    "early_stopping_epoch": "stop_epoch",
}


def published_results(folder: str | Path) -> pd.DataFrame:
    """The scores in T2, T3 and T6.

    Args:
        folder: config/published.

    Returns:
        Columns corpus, encoder, protocol, objective, metric, mean and std. metric is accuracy or macro_f1 (mean and
        std in percent) or macro_silhouette (in [-1, 1]). std is NaN where the paper prints none (silhouettes, T6).

    Raises:
        GlossbenchError: A file is missing or does not have the form that config/published/README.md describes. The
            message names the file.
    """
    integrated = _scores(folder, "integrated")
    standalone = read_published(folder, "standalone")
    silhouettes = _keys(folder, standalone, "standalone").assign(
        metric="macro_silhouette", mean=standalone["test_macro_silhouette"], std=float("nan")
    )
    frames = [integrated, _scores(folder, "standalone"), silhouettes, _glue(folder)]
    return pd.concat([frame[RESULTS] for frame in frames], ignore_index=True)


def published_costs(folder: str | Path) -> pd.DataFrame:
    """The costs in T3.

    Returns:
        Columns corpus, encoder, objective, total_train_seconds, seconds_per_epoch (seconds) and stop_epoch (count).
    """
    table = read_published(folder, "standalone")
    return _keys(folder, table, "standalone").drop(columns="protocol").join(table[list(COSTS)].rename(columns=COSTS))


def published_models(folder: str | Path) -> pd.DataFrame:
    """The scores in T5.

    Returns:
        Columns model (the printed name), transductive (whether the model reads the test documents, without their
        labels, while it is trained), corpus and accuracy (percent).
    """
    table = read_published(folder, "sota")
    table = table.assign(transductive=table["transductive"] == "yes")
    return table.melt(["model", "transductive"], var_name="corpus", value_name="accuracy")


def published_ttests(folder: str | Path) -> pd.DataFrame:
    """The tests in T9, as printed.

    Returns:
        Columns objective, baseline, mean, baseline_mean, difference (accuracy, percent) and p_value.
    """
    table = read_published(folder, "ttest")
    sides = table["comparison"].str.split(" vs ", expand=True)
    return pd.DataFrame(
        {
            "objective": _mapped(folder, "objective", sides[0]),
            "baseline": _mapped(folder, "objective", sides[1]),
            "mean": table["mean_gloss"],
            "baseline_mean": table["mean_baseline"],
            "difference": table["delta"],
            "p_value": table["p_value"],
        }
    )


def published_runs(folder: str | Path) -> pd.DataFrame:
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


def _scores(folder: str | Path, protocol: str) -> pd.DataFrame:
    table = read_published(folder, protocol)
    keys = _keys(folder, table, protocol)
    return pd.concat(
        [
            keys.assign(metric=metric, mean=table[f"{metric}_mean"], std=table[f"{metric}_std"])
            for metric in ("accuracy", "macro_f1")
        ]
    )


def _glue(folder: str | Path) -> pd.DataFrame:
    table = read_published(folder, "glue").melt(["encoder", "loss"], var_name="dataset", value_name="mean")
    return _keys(folder, table, "integrated").assign(metric="accuracy", mean=table["mean"], std=float("nan"))


def _keys(folder: str | Path, table: pd.DataFrame, protocol: str) -> pd.DataFrame:
    printed = {"corpus": table["dataset"], "encoder": table["encoder"], "objective": table["loss"]}
    columns = {kind: _mapped(folder, kind, names) for kind, names in printed.items()}
    return pd.DataFrame(columns).assign(protocol=protocol)


def _mapped(folder: str | Path, kind: str, printed: pd.Series) -> pd.Series:
    return printed.map(lambda name: key_of(folder, kind, name))


def key_of(folder: str | Path, kind: str, printed: str) -> str:
    """Our key for a name in the paper; the name itself if config/published/names.csv does not list it.

    Args:
        folder: config/published.
        kind: "corpus", "encoder" or "objective".
        printed: The name in the paper.
    """
    return _names(str(folder)).get((kind, printed), printed)


@lru_cache
def _names(folder: str) -> dict[tuple[str, str], str]:
    table = read_published(folder, "names")
    return {(row.kind, row.printed): row.key for row in table.itertuples(index=False)}


NEEDED = {
    "integrated": ["encoder", "loss", "dataset", "accuracy_mean", "accuracy_std", "macro_f1_mean", "macro_f1_std"],
    "glue": ["encoder", "loss"],
    "sota": ["model", "transductive"],
    "names": ["kind", "printed", "key"],
    "corpora": ["corpus", "train", "validation", "test"],
    "encoders": ["encoder", "parameters"],
    "ttest": ["comparison", "mean_gloss", "mean_baseline", "delta", "p_value"],
}
NEEDED["standalone"] = [*NEEDED["integrated"], "test_macro_silhouette", *COSTS]


def read_published(folder: str | Path, name: str) -> pd.DataFrame:
    """Read one of the files in config/published/.

    Args:
        folder: config/published.
        name: A key of ``NEEDED``.

    Raises:
        GlossbenchError: The file is missing or lacks a column. The message names the file.
    """
    path = Path(folder) / ("names.csv" if name == "names" else f"published_{name}.csv")
    try:
        table = pd.read_csv(path)
    except OSError as error:
        raise GlossbenchError(f"{path}: {error.strerror}; the paper's numbers were expected there") from None
    except (ValueError, pd.errors.ParserError) as error:
        raise GlossbenchError(f"{path}: not a csv table: {str(error).strip()}") from None
    missing = [column for column in NEEDED[name] if column not in table]
    if missing:
        raise GlossbenchError(f"{path}: no column {', '.join(missing)}; columns here: {', '.join(table)}")
    return table
