"""What each place where the paper and its code disagree is worth: one setting changed, all others kept."""

import pandas as pd

from glossbench.evidence.notes import note_of
from glossbench.evidence.selection import one_at_a_time
from glossbench.evidence.statistics.pairs import compare
from glossbench.evidence.tables.layout import Layout, grid
from glossbench.evidence.text.names import arrange
from glossbench.evidence.text.numbers import signed
from glossbench.frames import EXPERIMENT_OF_PROTOCOL, RUN_OF_PROTOCOL

METRICS = ["accuracy", "macro_f1"]
SWITCH = ["setting", "value"]
ROWS = ["encoder", "objective", "switch"]
COLUMNS = [*EXPERIMENT_OF_PROTOCOL, *SWITCH, "metric", "n", "difference", "low", "high", "reason"]


def select(runs: pd.DataFrame, switches: dict[str, str]) -> pd.DataFrame:
    """Rows that change one of the switches and nothing else, and the unvaried rows of their objectives."""
    return runs.loc[one_at_a_time(runs, list(switches)).index]


def tidy(runs: pd.DataFrame, switches: dict[str, str]) -> pd.DataFrame:
    """The difference that each switch makes. ``switches`` has the code of the disagreement (D1 ...) by setting.

    Returns:
        One row per corpus, encoder, protocol, objective, switch and metric. n is the number of common seeds;
        difference, low and high are percentage points; reason says why there is no interval, or is empty.
    """
    rows = one_at_a_time(runs, list(switches)).sort_values("seed", kind="stable")
    changed, unvaried = rows[rows["setting"] != ""], rows[rows["setting"] == ""]
    pairs = changed.merge(unvaried, "left", RUN_OF_PROTOCOL, suffixes=("", "_unvaried"))
    found = []
    for metric in METRICS:
        gains = pairs[f"test_{metric}"] * 100 - pairs[f"test_{metric}_unvaried"] * 100
        for keys, every in gains.groupby([pairs[key] for key in (*EXPERIMENT_OF_PROTOCOL, *SWITCH)]):
            own = every.dropna()
            tests = compare(own.to_numpy(), "seeds")
            found.append(dict(zip(COLUMNS, (*keys, metric, len(own), own.mean()), strict=False)) | tests)
    return arrange(pd.DataFrame(found, columns=COLUMNS), ["encoder", "objective", *SWITCH, "corpus"], setting=switches)


def layout(table: pd.DataFrame, switches: dict[str, str]) -> Layout:
    """One row per encoder, objective and switch; a column per score and corpus."""
    named = table.assign(
        switch=[f"{switches[name]}: {name} = {value}" for name, value in table[SWITCH].itertuples(index=False)],
        text=[
            signed(row.difference) + ("" if pd.isna(row.low) else f" [{signed(row.low)}, {signed(row.high)}]")
            for row in table.itertuples()
        ],
    )
    row_keys = list(dict.fromkeys(named[ROWS].itertuples(index=False, name=None)))
    reasons = [reason for reason in table["reason"] if not reason.startswith("Wilcoxon")]
    laid_out = grid(named, ROWS, ["metric", "corpus"], row_keys=row_keys)
    return laid_out.with_notes(note_of("Without an interval:", reasons))
