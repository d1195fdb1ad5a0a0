"""Test scores of the trials that searches chose, and of the best of all their trials: an upper bound, no result."""

import pandas as pd

from glossbench.evidence.selection import no_rows
from glossbench.evidence.statistics.budget import TESTED
from glossbench.evidence.statistics.scores import METRICS
from glossbench.evidence.tables.layout import Layout
from glossbench.evidence.text.names import arrange
from glossbench.evidence.text.numbers import number, signed
from glossbench.frames import LINE, PANEL

ROWS = ["encoder", "corpus", "metric", "objective"]
FOUND = ["chosen", "bound"]
COLUMNS = [*LINE, "metric", "n_trials", *FOUND, "over_chosen", "over_bound", "agreement"]

select = no_rows  # the table is made from trials, which do not depend on runs


def tidy(trials: pd.DataFrame, against: list[str]) -> pd.DataFrame:
    """Test scores of the chosen trial and of the best of all complete trials, those with given settings included.

    Returns:
        One row per search (protocol, corpus, encoder, objective) and metric, in percent: chosen (of the trial whose
        settings the search chose), bound (the best of the n_trials), and how far bound is above these two of the
        objective of ``against`` in the same protocol: over_chosen and over_bound. agreement is Spearman's rank
        correlation between the validation scores and the test scores of the trials: 0 where the search chooses blindly.
    """
    tested = [name for name in TESTED if name in trials]
    long = trials.melt([*LINE, "best", "value"], tested, "metric", "bound").dropna(subset="bound")
    long["metric"] = long["metric"].str.removeprefix("test_")
    long["bound"] = long["bound"].astype(float) * long["metric"].map(lambda name: METRICS[name].scale).astype(float)
    long["chosen"] = long["bound"].where(long["best"].astype(bool))
    if long.empty:
        return long.reindex(columns=COLUMNS)
    one = long.groupby([*LINE, "metric"])
    table = one.agg(n_trials=("bound", "size"), chosen=("chosen", "max"), bound=("bound", "max"))
    ranks = long.assign(value=one["value"].rank(), bound=one["bound"].rank()).groupby([*LINE, "metric"])
    table["agreement"] = ranks[["value", "bound"]].corr()["bound"].xs("value", level=-1)
    table = table.reset_index()
    theirs = table.loc[table["objective"].isin(against), [*PANEL, "metric", *FOUND]]
    table = table.merge(theirs, "left", [*PANEL, "metric"], suffixes=("", "_theirs"))
    over = {f"over_{name}": table["bound"] - table[f"{name}_theirs"] for name in FOUND}
    return arrange(table.assign(**over)[COLUMNS], ["encoder", "corpus", "protocol", "metric", "objective"])


def layout(table: pd.DataFrame, **_) -> Layout:
    """One row per encoder, corpus, metric and objective."""
    columns = {
        "Trials": table["n_trials"].map(number),
        "Chosen on validation": [number(score, 2) for score in table["chosen"]],
        "Upper bound": [number(score, 2) for score in table["bound"]],
        "Bound over baseline's chosen": table["over_chosen"].map(signed),
        "Bound over baseline's bound": table["over_bound"].map(signed),
        "Validation against test": [signed(rho) for rho in table["agreement"]],
    }
    return Layout.unranked(table, ROWS, columns)
