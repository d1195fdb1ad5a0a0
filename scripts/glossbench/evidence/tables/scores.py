"""Scores and costs of runs as means over seeds, with their ranks: T2, T3, T6 and what other tables of scores share."""

from collections.abc import Sequence
from itertools import product
from typing import Any, NamedTuple

import pandas as pd

from glossbench.evidence.selection import is_untuned, of_protocol, with_gloss, with_untuned
from glossbench.evidence.tables.layout import Layout, distinct, grid
from glossbench.evidence.text.names import arrange, machine_names
from glossbench.evidence.text.numbers import mean_spread, number, rounded
from glossbench.frames import QUIET

COMPETITION = ["corpus", "encoder", "protocol"]
KEYS = [*COMPETITION, "objective"]
COLUMNS = [*KEYS, "metric", "mean", "std", "n_seeds", "rank"]
UNTUNED_RUNS = (
    "Below the line nothing was fine-tuned. tf-idf is a logistic regression on the words and word pairs of whole "
    "documents, so its scores are the same for every encoder. The frozen encoder is the pre-trained one, with the "
    "probe of the standalone protocol. Both are deterministic and were run once; they are neither ranked nor tested."
)
MACHINE = ["device", "precision", "threads"]


class Metric(NamedTuple):
    """How tables show a metric.

    Args:
        decimals: Decimals of the displayed mean. Ranks are given by the rounded means.
        scale: Factor to the displayed unit.
        cost: Whether the smallest value is the best. The spread of costs over seeds is not displayed.
        timed: Whether the value depends on the machine. Only values from the same kind of machine are ranked, and only
            if it was quiet.
    """

    decimals: int
    scale: float = 1
    cost: bool = False
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
        untuned objectives, and if the runs were timed on different machines or beside other work. Where runs say how
        much of this there was, times have a column load: the highest of the cell's runs.
    """
    rows = arrange(runs, [*KEYS, "seed"])
    columns = [name if METRICS[name].cost else f"test_{name}" for name in metrics]
    scaled = {name: rows[key].astype(float) * METRICS[name].scale for name, key in zip(metrics, columns, strict=True)}
    long = rows[KEYS].assign(**scaled).melt(KEYS, metrics, "metric", "value").dropna(subset="value")
    table = long.groupby([*KEYS, "metric"], sort=False)["value"].agg(mean="mean", std="std", n_seeds="count")
    table = arrange(table.reset_index(), [*KEYS, "metric"])
    table = table.assign(rank=_ranks(table, runs))[COLUMNS]
    timed = table["metric"].map(lambda name: METRICS[name].timed)
    if "load" not in runs or not timed.any():
        return table
    loads = runs.groupby(KEYS)["load"].max().reindex(pd.MultiIndex.from_frame(table[KEYS]))
    return table.assign(load=loads.where(timed.to_numpy()).to_numpy())


def _ranks(table: pd.DataFrame, runs: pd.DataFrame) -> pd.Series:
    metrics = [METRICS[key] for key in table["metric"]]
    means = [
        rounded(mean, one.decimals) * (1 if one.cost else -1) for mean, one in zip(table["mean"], metrics, strict=True)
    ]
    runs = runs.assign(device=machine_names(runs), load=runs.get("load"))
    machines = runs[[*COMPETITION, *MACHINE]].drop_duplicates().value_counts(COMPETITION).rename("machines")
    beside = table.join(machines, COMPETITION).join(runs.groupby(COMPETITION)["load"].max(), COMPETITION)
    timed = pd.Series([one.timed for one in metrics], table.index, dtype=bool)
    elsewhere = timed & ((beside["machines"] > 1) | (beside["load"].astype(float) > QUIET))
    competing = pd.Series(means, table.index, dtype=float).mask(is_untuned(table) | elsewhere)
    return competing.groupby([table[key] for key in (*COMPETITION, "metric")]).rank("min").astype("Int64")


def texts(table: pd.DataFrame) -> list[str]:
    """The displayed means of a table from ``over_seeds``, with their spread where there is one to display."""
    means = zip(is_untuned(table), table["metric"].map(METRICS), table["mean"], table["std"], strict=True)
    return [
        number(mean, metric.decimals) if metric.cost or untuned else mean_spread(mean, std, metric.decimals)
        for untuned, metric, mean, std in means
    ]


def score_grid(table: pd.DataFrame, rows: list[str], columns: list[str], **options: Any) -> Layout:
    """A ``grid`` of a table from ``over_seeds``: means over seeds, marked where at least two objectives compete."""
    competitors = table.groupby([*COMPETITION, "metric"])["rank"].transform("count")
    return grid(table.assign(text=texts(table), rank=table["rank"].where(competitors > 1)), rows, columns, **options)


def select(
    runs: pd.DataFrame,
    protocol: str | None = None,
    gloss: Sequence[str] = (),
    baselines: Sequence[str] = (),
    corpora: Sequence[str] | None = None,
    **_: Any,
) -> pd.DataFrame:
    """Unvaried rows of a protocol and the untuned objectives of their cells, or rows ``with_gloss`` on some corpora."""
    if protocol is not None:
        return with_untuned(of_protocol(runs, protocol), runs)
    return with_gloss(runs if corpora is None else runs[runs["corpus"].isin(corpora)], gloss, baselines)


def tidy(runs: pd.DataFrame, metrics: list[str], **settings: Any) -> pd.DataFrame:
    """One row per corpus, encoder, objective and metric; see ``over_seeds``."""
    return over_seeds(select(runs, **settings), metrics)


def layout(table: pd.DataFrame, rows: list[str], columns: list[str], widest: int | None = None, **_: Any) -> Layout:
    """Means over seeds by ``rows`` and ``columns``; see ``grid``. Untuned objectives are below a line.

    Rows of single corpora are all combinations of an encoder's corpora and objectives. Those not run have dashes.
    """
    note, keys = UNTUNED_RUNS if is_untuned(table).any() else None, None
    if "corpus" in rows:
        encoders = [(encoder, table[table["encoder"] == encoder]) for (encoder,) in distinct(table, ["encoder"])]
        ends = [
            (encoder, product(distinct(own, ["corpus"]), distinct(own, ["objective"]))) for encoder, own in encoders
        ]
        keys = [(encoder, *corpus, *objective) for encoder, found in ends for corpus, objective in found]
    return score_grid(table, rows, columns, row_keys=keys, widest=widest).with_notes(note)
