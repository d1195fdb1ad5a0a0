"""Scores and costs of runs as means over seeds, with their ranks."""

from dataclasses import dataclass

import pandas as pd

from glossbench.evidence.selection import is_untuned
from glossbench.evidence.text.names import arrange
from glossbench.evidence.text.numbers import mean_spread, number, rounded

KEYS = ["corpus", "encoder", "protocol", "objective"]
COLUMNS = [*KEYS, "metric", "mean", "std", "n_seeds", "rank"]
UNTUNED_RUNS = (
    "Below the line nothing was fine-tuned. tf-idf is a logistic regression on the words and word pairs of whole "
    "documents, so its scores are the same for every encoder. The frozen encoder is the pre-trained one, with the "
    "probe of the standalone protocol. Both are deterministic and were run once; they are neither ranked nor tested."
)
MACHINE = ["device", "precision", "threads"]


@dataclass(frozen=True)
class Metric:
    """A column of runs.parquet, and how tables show it.

    Args:
        column: Name of the column.
        title: Displayed name.
        decimals: Decimals of the displayed mean. Ranks are given by the rounded means.
        scale: Factor to the displayed unit.
        least_wins: Whether the smallest value is the best.
        timed: Whether the value depends on the machine. Only values from the same kind of machine are ranked.
        spread: Whether the spread over seeds is displayed.
    """

    column: str
    title: str
    decimals: int
    scale: float = 1
    least_wins: bool = False
    timed: bool = False
    spread: bool = True


METRICS = {
    "accuracy": Metric("test_accuracy", "Accuracy", 2, scale=100),
    "macro_f1": Metric("test_macro_f1", "Macro-F1", 2, scale=100),
    "accuracy_deduplicated": Metric("test_accuracy_deduplicated", "Accuracy, deduplicated", 2, scale=100),
    "macro_f1_deduplicated": Metric("test_macro_f1_deduplicated", "Macro-F1, deduplicated", 2, scale=100),
    "macro_silhouette": Metric("test_macro_silhouette", "Silhouette", 4),
    "train_seconds": Metric("train_seconds", "Training (s)", 1, least_wins=True, timed=True, spread=False),
    "seconds_per_epoch": Metric("seconds_per_epoch", "Epoch (s)", 2, least_wins=True, timed=True, spread=False),
    "stop_epoch": Metric("stop_epoch", "Last epoch", 1, least_wins=True, spread=False),
}


def over_seeds(runs: pd.DataFrame, metrics: list[str]) -> pd.DataFrame:
    """Means over seeds of each cell (corpus, encoder, protocol and objective).

    Args:
        runs: Rows of runs.parquet.
        metrics: Keys of ``METRICS``.

    Returns:
        One row per cell and metric: corpus, encoder, protocol, objective, metric, mean, std, n_seeds and rank. mean
        and std (sample standard deviation over seeds, missing with one seed) are in the displayed unit of the metric,
        scores in percent. n_seeds counts the seeds with a value. rank is 1 for the best objective of the same corpus,
        encoder and protocol, by the rounded mean; equal means share the smallest rank (1, 1, 3). It is missing for
        untuned objectives, and if the runs were timed on different machines.
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
    ranks = _places(cells, metric).where(~is_untuned(cells))
    if metric.timed:
        ranks = ranks.where(~_on_several_machines(runs, cells))
    return cells.assign(rank=ranks)


def _places(cells: pd.DataFrame, metric: Metric) -> pd.Series:
    means = cells["mean"].map(lambda mean: rounded(mean, metric.decimals)).astype(float)
    competitions = means.groupby([cells[key] for key in KEYS[:-1]])
    return competitions.rank("min", ascending=metric.least_wins).astype("Int64")


def _on_several_machines(runs: pd.DataFrame, cells: pd.DataFrame) -> pd.Series:
    machines = runs[[*KEYS[:-1], *MACHINE]].drop_duplicates().value_counts(KEYS[:-1])
    several = set(machines[machines > 1].index)
    return pd.Series([place in several for place in cells[KEYS[:-1]].itertuples(index=False, name=None)], cells.index)


def texts(table: pd.DataFrame) -> list[str]:
    """The displayed means of a table from ``over_seeds``, with their spread where there is one to display."""
    shown = zip(is_untuned(table), table["metric"].map(METRICS), table["mean"], table["std"], strict=True)
    return [
        mean_spread(mean, std, metric.decimals) if metric.spread and not untuned else number(mean, metric.decimals)
        for untuned, metric, mean, std in shown
    ]


def untuned_note(table: pd.DataFrame) -> str | None:
    """A note on the rows below the line; None if the table has none."""
    return UNTUNED_RUNS if is_untuned(table).any() else None


def marks(table: pd.DataFrame) -> pd.Series:
    """The ranks to mark: 1 for the best and 2 for the second best of at least two objectives, 0 for all others."""
    competitors = table.groupby([*KEYS[:-1], "metric"])["rank"].transform("count")
    return table["rank"].where((table["rank"] <= 2) & (competitors > 1), 0).fillna(0).astype(int)
