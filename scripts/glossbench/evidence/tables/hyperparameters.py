"""T7: the settings that each objective was run with."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pandas as pd

from glossbench.evidence.selection import unvaried
from glossbench.evidence.tables.grid import distinct, grid
from glossbench.evidence.text.layout import Layout
from glossbench.evidence.text.names import arrange
from glossbench.evidence.text.numbers import number, significant, span

SETTINGS = {
    "learning_rate": "Learning rate",
    "batch_size": "Batch",
    "sigma": "σ",
    "labeled_fraction": "γ",
    "weight": "λ",
    "temperature": "τ",
    "margin": "Margin",
    "anchors_per_class": "Anchors",
    "max_epochs": "Most epochs",
    "stop_epoch": "Epochs run",
}
COUNTED = ("batch_size", "max_epochs", "stop_epoch")
KEYS = ["corpus", "encoder", "protocol", "objective"]
COLUMNS = [*KEYS, "setting", "low", "high", "n_runs", "n_tuned"]
NOTES: tuple[str, ...] = ()


select = unvaried


def tidy(runs: pd.DataFrame) -> pd.DataFrame:
    """The range of each setting over seeds.

    Args:
        runs: The collected runs.

    Returns:
        One row per corpus, encoder, objective and setting that the objective has: low and high (over seeds), n_runs,
        and n_tuned (runs whose settings come from a search).
    """
    rows = select(runs)
    values = rows[[*KEYS, "tuned", *SETTINGS]].astype(dict.fromkeys(SETTINGS, float))
    long = values.melt([*KEYS, "tuned"], list(SETTINGS), "setting").dropna(subset="value")
    cells = long.groupby([*KEYS, "setting"], sort=False).agg(
        low=("value", "min"), high=("value", "max"), n_runs=("value", "size"), n_tuned=("tuned", "sum")
    )
    place = {setting: position for position, setting in enumerate(SETTINGS)}
    table = cells.reset_index().astype({"n_runs": int, "n_tuned": int})
    table = arrange(table.assign(place=table["setting"].map(place)), [*KEYS, "place"])
    return table[COLUMNS]


def layout(table: pd.DataFrame) -> Layout:
    """One row per protocol, encoder and objective, one column per setting, with a range if runs differ."""
    rows = ["protocol", "encoder", "objective"]
    ranges = table.groupby([*rows, "setting"], sort=False).agg(low=("low", "min"), high=("high", "max")).reset_index()
    texts = [span(low, high, _formatter(setting)) for setting, low, high in _cells(ranges)]
    shown = ranges.assign(text=texts, mark=0, Setting=ranges["setting"].map(SETTINGS))
    used = set(shown["Setting"])
    columns = [(title,) for title in SETTINGS.values() if title in used]
    by_row = dict(iter(table.groupby(rows)))
    tuned = {row: _tuned(by_row[row]) for row in distinct(table, rows)}
    return replace(
        grid(shown, rows, ["Setting"], column_keys=columns, beside={"Tuned": tuned}), worded=frozenset({"Tuned"})
    )


def _cells(ranges: pd.DataFrame) -> Iterator[tuple[str, float, float]]:
    return ranges[["setting", "low", "high"]].itertuples(index=False, name=None)


def _formatter(setting: str) -> Callable[[float], str]:
    return number if setting in COUNTED else significant


def _tuned(settings: pd.DataFrame) -> str:
    """Whether the runs of a row were tuned: yes, no, or on how many of the corpora."""
    by_corpus = settings.groupby("corpus")[["n_runs", "n_tuned"]].sum()
    searched = int((by_corpus["n_tuned"] > 0).sum())
    if searched in (0, len(by_corpus)):
        return "yes" if searched else "no"
    return f"on {searched} of {len(by_corpus)} corpora"
