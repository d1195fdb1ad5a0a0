"""Scores and costs of runs as means over seeds, with their ranks: T2, T3, T6 and what other tables of scores share."""

from collections.abc import Sequence
from itertools import product
from typing import Any

import pandas as pd

from glossbench.evidence.selection import is_untuned, of_protocol, with_gloss, with_untuned
from glossbench.evidence.statistics.scores import METRICS, over_seeds
from glossbench.evidence.tables.layout import Layout, distinct, grid
from glossbench.evidence.text.numbers import mean_spread, number
from glossbench.frames import PANEL

UNTUNED_RUNS = (
    "Below the line nothing was fine-tuned. tf-idf is a logistic regression on the words and word pairs of whole "
    "documents, so its scores are the same for every encoder. The frozen encoder is the pre-trained one, with the "
    "probe of the standalone protocol. Both are deterministic and were run once; they are neither ranked nor tested."
)


def texts(table: pd.DataFrame) -> list[str]:
    """The displayed means of a table from ``over_seeds``, with their spread where there is one to display."""
    means = zip(is_untuned(table), table["metric"].map(METRICS), table["mean"], table["std"], strict=True)
    return [
        number(mean, metric.decimals) if metric.cost or untuned else mean_spread(mean, std, metric.decimals)
        for untuned, metric, mean, std in means
    ]


def score_grid(table: pd.DataFrame, rows: list[str], columns: list[str], **options: Any) -> Layout:
    """A ``grid`` of a table from ``over_seeds``: means over seeds, marked where at least two objectives compete."""
    competitors = table.groupby([*PANEL, "metric"])["rank"].transform("count")
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
