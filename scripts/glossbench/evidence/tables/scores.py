"""Scores and costs of runs as means over seeds, and the place of each mean among its competitors."""

from dataclasses import dataclass

import pandas as pd

from glossbench.evidence.text.names import arrange

KEYS = ["corpus", "encoder", "protocol", "objective"]
COLUMNS = [*KEYS, "metric", "mean", "std", "n_seeds", "rank"]
MACHINE = ["device", "precision", "threads"]


@dataclass(frozen=True)
class Metric:
    """A column of runs.parquet as tables show it.

    scale: factor to the unit shown. decimals: of the mean as shown, by which places are given. timed: depends on
    the machine, so that only runs of one kind of machine compete.
    """

    column: str
    title: str
    decimals: int
    scale: float = 1
    least_wins: bool = False
    timed: bool = False


METRICS = {
    "accuracy": Metric("test_accuracy", "Accuracy", 2, scale=100),
    "macro_f1": Metric("test_macro_f1", "Macro-F1", 2, scale=100),
    "macro_silhouette": Metric("test_macro_silhouette", "Silhouette", 4),
    "train_seconds": Metric("train_seconds", "Training (s)", 1, least_wins=True, timed=True),
    "seconds_per_epoch": Metric("seconds_per_epoch", "Epoch (s)", 2, least_wins=True, timed=True),
    "stop_epoch": Metric("stop_epoch", "Last epoch", 1, least_wins=True),
}


def over_seeds(runs: pd.DataFrame, metrics: list[str]) -> pd.DataFrame:
    """One row a cell and metric: corpus, encoder, protocol, objective, metric, mean, std, n_seeds, rank.

    ``runs`` holds rows of runs.parquet; mean and std are in the metric's unit (scores in percent). std is the
    sample standard deviation over seeds, missing with one seed. n_seeds counts the seeds whose value is a number.
    rank is the place among the objectives of the same corpus, encoder and protocol, 1 for the best, by the mean as
    it is shown: equal means share a place, and the places they fill are not given again. It is missing where runs
    timed on different machines would compete.
    """
    rows = arrange(runs, [*KEYS, "seed"])
    cells = pd.concat([_cells(rows, name) for name in metrics], ignore_index=True)
    order = {name: place for place, name in enumerate(metrics)}
    places = cells["metric"].map(order)
    return arrange(cells.assign(place=places), [*KEYS, "place"])[COLUMNS]


def _cells(runs: pd.DataFrame, name: str) -> pd.DataFrame:
    metric = METRICS[name]
    values = runs[KEYS].assign(value=runs[metric.column].astype(float) * metric.scale).dropna(subset="value")
    cells = values.groupby(KEYS, sort=False)["value"].agg(["mean", "std", "count"]).reset_index()
    cells = cells.assign(metric=name).rename(columns={"count": "n_seeds"})
    ranks = _places(cells, metric)
    if metric.timed:
        ranks = ranks.where(~_on_several_machines(runs, cells))
    return cells.assign(rank=ranks)


def _places(cells: pd.DataFrame, metric: Metric) -> pd.Series:
    shown = cells["mean"].round(metric.decimals)
    competitions = shown.groupby([cells[key] for key in KEYS[:-1]])
    return competitions.rank("min", ascending=metric.least_wins).astype("Int64")


def _on_several_machines(runs: pd.DataFrame, cells: pd.DataFrame) -> pd.Series:
    machines = runs[[*KEYS[:-1], *MACHINE]].drop_duplicates().value_counts(KEYS[:-1])
    several = set(machines[machines > 1].index)
    return pd.Series([place in several for place in cells[KEYS[:-1]].itertuples(index=False, name=None)], cells.index)


def marks(table: pd.DataFrame) -> pd.Series:
    """1 for the best and 2 for the second best of a competition between at least two; 0 for all others."""
    competitors = table.groupby([*KEYS[:-1], "metric"])["rank"].transform("count")
    return table["rank"].where((table["rank"] <= 2) & (competitors > 1), 0).fillna(0).astype(int)
