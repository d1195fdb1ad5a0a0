"""Scores of runs, one number per run, and their means over seeds with spread, interval and rank."""

from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd

from glossbench.errors import GlossbenchError
from glossbench.evidence.selection import is_untuned
from glossbench.evidence.statistics.intervals import t_interval
from glossbench.evidence.text.names import arrange, machine_names
from glossbench.evidence.text.numbers import rounded
from glossbench.frames import EXPERIMENT_OF_PROTOCOL, PANEL, QUIET, RUN_OF_PROTOCOL

# Equal scores, means and differences may differ in their last bits. They are rounded so that they share a rank.
DECIMALS = 12
SAME_MACHINE = ["device", "precision", "threads"]


class Metric(NamedTuple):
    """How a metric is displayed and ranked."""

    decimals: int  # Decimals of the displayed mean. Ranks are given by the rounded means
    scale: float = 1  # Factor to the displayed unit, which is the paper's: 100 for percent
    cost: bool = False  # Whether the smallest value is the best. The spread of costs over seeds is not displayed
    # Whether the value depends on the machine. Only values from the same kind of machine are ranked, and only if it was
    # quiet.
    timed: bool = False


METRICS = {
    "accuracy": Metric(2, scale=100),
    "accuracy_deduplicated": Metric(2, scale=100),
    "macro_f1": Metric(2, scale=100),
    "macro_f1_deduplicated": Metric(2, scale=100),
    "macro_silhouette": Metric(4),
    "train_seconds": Metric(1, cost=True, timed=True),
    "seconds_per_epoch": Metric(2, cost=True, timed=True),
    "stop_epoch": Metric(1, cost=True),
}
PRINTED = ["accuracy", "macro_f1", "macro_silhouette"]  # scores that the paper prints


def in_percent(metric: str | None) -> bool:
    """Whether a metric is displayed in percent."""
    return metric in METRICS and METRICS[metric].scale == 100


def scores_of_runs(runs: pd.DataFrame, metric: str) -> pd.DataFrame:
    """The scores of all runs that have one.

    Args:
        runs: The collected runs.
        metric: A column of ``runs``, with or without its prefix ``test_``.

    Returns:
        Columns corpus, encoder, protocol, objective, seed and score, which has the unit of the column.

    Raises:
        GlossbenchError: There is no such column.
    """
    column = _column(runs, metric)
    return runs[[*RUN_OF_PROTOCOL, column]].rename(columns={column: "score"}).dropna(subset="score")


def over_seeds(runs: pd.DataFrame, metrics: Sequence[str], interval: bool = False) -> pd.DataFrame:
    """Means over seeds of some of ``METRICS`` in each cell (corpus, encoder, protocol and objective).

    Returns:
        One row per cell and metric: corpus, encoder, protocol, objective, metric, mean, std, n_seeds and rank. mean
        and std (sample standard deviation over seeds, missing with one seed) are in the displayed unit of the metric,
        scores in percent. n_seeds counts the seeds with a value. rank is 1 for the best objective of the same corpus,
        encoder and protocol, by the rounded mean; equal means share the smallest rank (1, 1, 3). It is missing for
        untuned objectives, and if the runs were timed on different machines or beside other work. Where runs say how
        much of this there was, times have a column load: the highest of the cell's runs. With ``interval``, columns low
        and high, Student's 95 % interval of the mean, missing with one seed.
    """
    rows = arrange(runs, RUN_OF_PROTOCOL)
    scaled = {name: rows[_column(rows, name)].astype(float) * METRICS[name].scale for name in metrics}
    long = rows[EXPERIMENT_OF_PROTOCOL].assign(**scaled).melt(EXPERIMENT_OF_PROTOCOL, metrics, "metric", "value")
    cells = long.dropna(subset="value").groupby([*EXPERIMENT_OF_PROTOCOL, "metric"], sort=False)["value"]
    table = cells.agg(mean="mean", std="std", n_seeds="count")
    if interval:
        ends = [t_interval(own) for _, own in cells]
        table[["low", "high"]] = pd.DataFrame(ends, table.index, ["low", "high"], dtype=float)
    table = arrange(table.reset_index(), [*EXPERIMENT_OF_PROTOCOL, "metric"])
    table = table.assign(rank=_ranks(table, runs))
    timed = table["metric"].map(lambda name: METRICS[name].timed)
    if "load" not in runs or not timed.any():
        return table
    table = table.join(runs.groupby(EXPERIMENT_OF_PROTOCOL)["load"].max(), EXPERIMENT_OF_PROTOCOL)
    return table.assign(load=table["load"].where(timed))


def _column(runs: pd.DataFrame, metric: str) -> str:
    column = metric if metric in runs else f"test_{metric}"
    if column not in runs:
        raise GlossbenchError(f"runs.parquet: no column {metric} or test_{metric}; columns here: {', '.join(runs)}")
    return column


def _ranks(table: pd.DataFrame, runs: pd.DataFrame) -> pd.Series:
    metrics = [METRICS[key] for key in table["metric"]]
    means = [
        rounded(mean, one.decimals) * (1 if one.cost else -1) for mean, one in zip(table["mean"], metrics, strict=True)
    ]
    runs = runs.assign(device=machine_names(runs), load=runs.get("load"))
    machines = runs[[*PANEL, *SAME_MACHINE]].drop_duplicates().value_counts(PANEL).rename("machines")
    beside = table.join(machines, PANEL).join(runs.groupby(PANEL)["load"].max(), PANEL)
    timed = pd.Series([one.timed for one in metrics], table.index, dtype=bool)
    elsewhere = timed & ((beside["machines"] > 1) | (beside["load"].astype(float) > QUIET))
    competing = pd.Series(means, table.index, dtype=float).mask(is_untuned(table) | elsewhere)
    return competing.groupby([table[key] for key in (*PANEL, "metric")]).rank("min").astype("Int64")
