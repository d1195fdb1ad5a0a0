"""T2: test scores of every objective, mean and spread over seeds."""

import pandas as pd

from glossbench.evidence.layout import DASH, Layout
from glossbench.evidence.names import (
    arrange,
    corpus_name,
    encoder_name,
    metric_name,
    objective_name,
    protocol_name,
)

METRICS = {"accuracy": "test_accuracy", "macro_f1": "test_macro_f1"}
DECIMALS = 2
CELL = ["corpus", "encoder", "protocol", "objective", "metric"]
COMPETITION = ["corpus", "encoder", "protocol", "metric"]


def tidy(runs: pd.DataFrame) -> pd.DataFrame:
    """One row a cell: corpus, encoder, objective, protocol, metric, mean, std, n_seeds, rank.

    ``runs`` is the collected runs.parquet, scores as fractions; mean and std are in percent. std is the
    sample standard deviation over seeds, missing with one seed. n_seeds counts the seeds whose score is a
    number. rank is the place among the objectives of the same corpus, encoder, protocol and metric, 1 for the
    best, by the mean as it is shown (two decimals): equal means share a place, and the places they fill are
    not given again.
    """
    renamed = runs.rename(columns={column: metric for metric, column in METRICS.items()})
    scores = renamed.melt([key for key in CELL if key != "metric"], list(METRICS), "metric")
    scores["value"] *= 100
    cells = scores.dropna(subset="value").groupby(CELL)["value"].agg(["mean", "std", "count"]).reset_index()
    competitions = cells["mean"].round(DECIMALS).groupby([cells[key] for key in COMPETITION])
    cells["rank"] = competitions.rank("min", ascending=False).astype(int)
    cells = arrange(cells.rename(columns={"count": "n_seeds"}), CELL)
    return cells[["corpus", "encoder", "objective", "protocol", "metric", "mean", "std", "n_seeds", "rank"]]


def layout(table: pd.DataFrame) -> Layout:
    """The tidy table for readers.

    Rows are objectives grouped by protocol and encoder (the competitors stand below each other), columns are
    corpora with a column a metric, as in the paper's T2, and the number of seeds behind the row. A cell that
    was not run is a dash; a place is marked where at least two objectives compete.
    """
    rows, columns = ["protocol", "encoder", "objective"], ["corpus", "metric"]
    competitors = table.groupby(COMPETITION)["rank"].transform("size")
    marked = table.assign(
        text=[_score(mean, std) for mean, std in zip(table["mean"], table["std"], strict=True)],
        mark=table["rank"].where((table["rank"] <= 2) & (competitors > 1), 0),
    )
    wide = marked.set_index(rows + columns)[["text", "mark"]].unstack(columns)
    row_keys, column_keys = _keys(table, rows), _keys(table, columns)
    cells = wide["text"].reindex(index=row_keys, columns=column_keys).fillna(DASH)
    ranks = wide["mark"].reindex(index=row_keys, columns=column_keys).fillna(0).astype(int)
    cells[("", "Seeds")] = _seeds(table, rows).reindex(row_keys)
    ranks[("", "Seeds")] = 0
    return Layout(_named(cells), _named(ranks))


def _score(mean: float, std: float) -> str:
    spread = DASH if pd.isna(std) else f"{std:.{DECIMALS}f}"
    return f"{mean:.{DECIMALS}f} ± {spread}"


def _keys(table: pd.DataFrame, by: list[str]) -> pd.MultiIndex:
    """The combinations that occur, in readers' order."""
    return pd.MultiIndex.from_frame(arrange(table, by)[by].drop_duplicates())


def _seeds(table: pd.DataFrame, rows: list[str]) -> pd.Series:
    counts = table.groupby(rows)["n_seeds"].agg(["min", "max"])
    ranges = counts.itertuples(index=False)
    return pd.Series([str(a) if a == b else f"{a}{DASH}{b}" for a, b in ranges], index=counts.index)


def _named(frame: pd.DataFrame) -> pd.DataFrame:
    rows = [(protocol_name(p), encoder_name(e), objective_name(o)) for p, e, o in frame.index]
    columns = [(corpus_name(corpus), metric_name(metric)) for corpus, metric in frame.columns]
    index = pd.MultiIndex.from_tuples(rows, names=["Protocol", "Encoder", "Objective"])
    return frame.set_axis(index).set_axis(pd.MultiIndex.from_tuples(columns), axis=1)
