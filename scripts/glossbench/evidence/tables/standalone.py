"""T3: probe scores, silhouette and costs of every objective on every corpus, the encoder trained alone."""

from itertools import product

import pandas as pd

from glossbench.evidence.selection import of_protocol, with_untuned
from glossbench.evidence.tables.layout import Key, Layout, distinct, score_grid
from glossbench.evidence.tables.scores import over_seeds, untuned_note

SCORES_AND_COSTS = ["accuracy", "macro_f1", "macro_silhouette", "train_seconds", "seconds_per_epoch", "stop_epoch"]
NOTES = (
    "An epoch on MR took 9.2 s by the paper's text, 27.74 s by its appendix (D12).",
    "On 20NG the paper's runs stop at epochs 171 to 200 of at most 200, so that faster convergence is not shown "
    "there (D14).",
)


def select(runs: pd.DataFrame) -> pd.DataFrame:
    """Standalone runs without changed settings, and the untuned objectives of the same corpora and encoders."""
    return with_untuned(of_protocol(runs, "standalone"), runs)


def tidy(runs: pd.DataFrame) -> pd.DataFrame:
    """Scores and costs, one row per corpus, encoder, objective and metric; see ``over_seeds``.

    Metrics are accuracy and macro_f1 (percent), macro_silhouette (in [-1, 1]), train_seconds, seconds_per_epoch and
    stop_epoch (the last epoch trained).
    """
    return over_seeds(select(runs), SCORES_AND_COSTS)


def layout(table: pd.DataFrame) -> Layout:
    """One row per encoder, corpus and objective; scores with their spread, costs as means.

    Untuned objectives are below a line.
    """
    rows = ["encoder", "corpus", "objective"]
    return score_grid(table, rows, ["metric"], row_keys=_every_cell(table)).with_notes(untuned_note(table))


def _every_cell(table: pd.DataFrame) -> list[Key]:
    """All combinations of each encoder's corpora and objectives; combinations that were not run are rows of dashes."""
    keys = []
    for (encoder,) in distinct(table, ["encoder"]):
        own = table[table["encoder"] == encoder]
        keys += [(encoder, *c, *o) for c, o in product(distinct(own, ["corpus"]), distinct(own, ["objective"]))]
    return keys
