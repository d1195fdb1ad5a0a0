"""The paper's numbers as tidy frames, under the keys that our own frames use."""

from pathlib import Path

import pandas as pd

from glossbench.errors import GlossbenchError

ENCODERS = {"bert-base-uncased": "bert-base", "distilbert-base-uncased": "distilbert", "roberta-large": "roberta-large"}
RESULTS = ["corpus", "encoder", "protocol", "objective", "metric", "mean", "std"]
COSTS = {
    "total_train_seconds": "total_train_seconds",
    "seconds_per_epoch": "seconds_per_epoch",
    "early_stopping_epoch": "stop_epoch",
}


def published_results(folder: str | Path) -> pd.DataFrame:
    """T2, T3 and T6: corpus, encoder, protocol, objective, metric, mean, std.

    metric is accuracy or macro_f1 (mean and std in percent) or macro_silhouette (as it is, in [-1, 1]). std is
    NaN where the paper prints none (silhouettes, T6). Raises GlossbenchError, naming the file, where one of the
    files is missing or is not of the form that README.md beside it describes.
    """
    integrated = _scores(_read(folder, "integrated"), "integrated")
    standalone = _read(folder, "standalone")
    silhouettes = _keys(standalone, "standalone").assign(
        metric="macro_silhouette", mean=standalone["test_macro_silhouette"], std=float("nan")
    )
    frames = [integrated, _scores(standalone, "standalone"), silhouettes, _glue(folder)]
    return pd.concat([frame[RESULTS] for frame in frames], ignore_index=True)


def published_costs(folder: str | Path) -> pd.DataFrame:
    """T3: corpus, encoder, objective, total_train_seconds, seconds_per_epoch (seconds), stop_epoch (count)."""
    table = _read(folder, "standalone")
    return _keys(table, "standalone").drop(columns="protocol").join(table[list(COSTS)].rename(columns=COSTS))


def published_models(folder: str | Path) -> pd.DataFrame:
    """T5: model (its name as printed), corpus, accuracy (percent)."""
    return _read(folder, "sota").melt("model", var_name="corpus", value_name="accuracy")


def published_ttests(folder: str | Path) -> pd.DataFrame:
    """T9: objective, baseline, mean, baseline_mean, difference (accuracy, percent), p_value, as printed."""
    table = _read(folder, "ttest")
    sides = table["comparison"].str.split(" vs ", expand=True)
    return pd.DataFrame(
        {
            "objective": sides[0].map(_objective),
            "baseline": sides[1].map(_objective),
            "mean": table["mean_gloss"],
            "baseline_mean": table["mean_baseline"],
            "difference": table["delta"],
            "p_value": table["p_value"],
        }
    )


def published_runs(folder: str | Path) -> pd.DataFrame:
    """The paper's means in the shape of runs.parquet, one run a cell with seed 0, so that one code measures both.

    corpus, encoder, protocol, objective, seed, test_accuracy, test_macro_f1, test_macro_silhouette (fractions),
    seconds_per_epoch, stop_epoch; NaN where the paper prints nothing.
    """
    keys = ["corpus", "encoder", "protocol", "objective"]
    means = published_results(folder).pivot(index=keys, columns="metric", values="mean")
    means[["accuracy", "macro_f1"]] /= 100
    costs = published_costs(folder)[[*keys[:2], "objective", "seconds_per_epoch", "stop_epoch"]]
    return means.add_prefix("test_").reset_index().merge(costs, "left").assign(seed=0).rename_axis(columns=None)


def _scores(table: pd.DataFrame, protocol: str) -> pd.DataFrame:
    keys = _keys(table, protocol)
    return pd.concat(
        [
            keys.assign(metric=metric, mean=table[f"{metric}_mean"], std=table[f"{metric}_std"])
            for metric in ("accuracy", "macro_f1")
        ]
    )


def _glue(folder: str | Path) -> pd.DataFrame:
    table = _read(folder, "glue").melt(["encoder", "loss"], var_name="dataset", value_name="mean")
    return _keys(table, "integrated").assign(metric="accuracy", mean=table["mean"], std=float("nan"))


def _keys(table: pd.DataFrame, protocol: str) -> pd.DataFrame:
    encoders = table["encoder"].map(lambda name: ENCODERS.get(name, name))
    columns = {"corpus": table["dataset"], "encoder": encoders, "objective": table["loss"].map(_objective)}
    return pd.DataFrame(columns).assign(protocol=protocol)


def _objective(name: str) -> str:
    return name.replace("_", "-")


NEEDED = {
    "integrated": ["encoder", "loss", "dataset", "accuracy_mean", "accuracy_std", "macro_f1_mean", "macro_f1_std"],
    "glue": ["encoder", "loss"],
    "sota": ["model"],
    "ttest": ["comparison", "mean_gloss", "mean_baseline", "delta", "p_value"],
}
NEEDED["standalone"] = [*NEEDED["integrated"], "test_macro_silhouette", *COSTS]


def _read(folder: str | Path, name: str) -> pd.DataFrame:
    path = Path(folder) / f"published_{name}.csv"
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
