"""T7: the settings that each objective was run with."""

import pandas as pd

from glossbench.evidence.selection import unvaried
from glossbench.evidence.tables.layout import Layout, grid
from glossbench.evidence.text.names import SYMBOLS, arrange, entries
from glossbench.evidence.text.numbers import number, significant, span
from glossbench.frames import EXPERIMENT_OF_PROTOCOL

SETTINGS = {
    "learning_rate": "Learning rate", "batch_size": "Batch", **SYMBOLS, "margin": "Margin",
    "anchors_per_class": "Anchors", "max_epochs": "Most epochs", "stop_epoch": "Epochs run",
}  # fmt: skip
COUNTED = ("batch_size", "max_epochs", "stop_epoch")


def titles() -> dict[str, str]:
    """Titles by setting: those above, and those of losses of one's own by their names."""
    return {**SETTINGS, **{key: entry["title"] for key, entry in entries("setting").items() if key not in SETTINGS}}


def tidy(runs: pd.DataFrame) -> pd.DataFrame:
    """The range of each setting over seeds.

    Returns:
        One row per corpus, encoder, objective and setting that the objective has: low and high (over seeds), n_runs,
        and n_tuned (runs whose settings come from a search).
    """
    rows = unvaried(runs)
    settings = [name for name in titles() if name in rows]
    values = rows[[*EXPERIMENT_OF_PROTOCOL, "tuned", *settings]].astype(dict.fromkeys(settings, float))
    long = values.melt([*EXPERIMENT_OF_PROTOCOL, "tuned"], settings, "setting").dropna(subset="value")
    table = long.groupby([*EXPERIMENT_OF_PROTOCOL, "setting"], as_index=False).agg(
        low=("value", "min"), high=("value", "max"), n_runs=("value", "size"), n_tuned=("tuned", "sum")
    )
    return arrange(
        table.astype({"n_runs": int, "n_tuned": int}), [*EXPERIMENT_OF_PROTOCOL, "setting"], setting=settings
    )


def layout(table: pd.DataFrame) -> Layout:
    """One row per protocol, encoder and objective, one column per setting, with a range if runs differ."""
    rows = ["protocol", "encoder", "objective"]
    ranges = table.groupby([*rows, "setting"], as_index=False).agg(low=("low", "min"), high=("high", "max"))
    texts = [span(row.low, row.high, number if row.setting in COUNTED else significant) for row in ranges.itertuples()]
    titled = ranges.assign(text=texts, Setting=ranges["setting"].map(titles()))
    columns = [(title,) for title in titles().values() if title in set(titled["Setting"])]
    tuned = {row: _tuned(own.groupby("corpus")["n_tuned"].sum() > 0) for row, own in table.groupby(rows)}
    return grid(titled, rows, ["Setting"], column_keys=columns, beside={"Tuned": tuned}, worded={"Tuned"})


def _tuned(corpora: pd.Series) -> str:
    """Whether the runs of a row were tuned: yes, no, or on how many of the corpora."""
    whole = {0: "no", len(corpora): "yes"}
    return whole.get(corpora.sum(), f"on {corpora.sum()} of {len(corpora)} corpora")
