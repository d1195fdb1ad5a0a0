"""What each place where the paper and its code disagree is worth: one setting changed, all others kept."""

from collections.abc import Iterator

import pandas as pd

from glossbench.evidence.statistics.pairs import compare
from glossbench.evidence.tables.layout import Layout, grid
from glossbench.evidence.text.names import arrange
from glossbench.evidence.text.numbers import signed
from glossbench.frames import TASK

METRICS = ["accuracy", "macro_f1"]
UNVARIED = [*TASK, "protocol", "unvaried"]
SWITCH = ["setting", "value"]
ROWS = ["encoder", "objective", "switch"]
COLUMNS = ["corpus", "encoder", "protocol", "objective", *SWITCH, "metric", "n", "difference", "low", "high", "reason"]


def select(runs: pd.DataFrame, switches: dict[str, str]) -> pd.DataFrame:
    """Rows that change one of the switches and nothing else, and the unvaried rows of their objectives."""
    rows = runs[runs["setting"].isin(["", *switches])]
    switched = (rows["setting"] != "").groupby([rows[key] for key in UNVARIED]).transform("any")
    return rows[switched.astype(bool)]


def tidy(runs: pd.DataFrame, switches: dict[str, str]) -> pd.DataFrame:
    """The difference that each switch makes.

    Args:
        runs: The collected runs.
        switches: Code of the disagreement (D1 ...) by setting.

    Returns:
        One row per corpus, encoder, protocol, objective, switch and metric. Columns ``COLUMNS``: n is the number of
        common seeds; difference, low and high are percentage points; reason says why there is no interval, or is
        empty.
    """
    rows = select(runs, switches)
    table = pd.DataFrame([row for metric in METRICS for row in _differences(rows, metric)], columns=COLUMNS)
    places = table["setting"].map({name: place for place, name in enumerate(switches)})
    return arrange(table.assign(place=places), ["encoder", "objective", "place", "value", "corpus"])[COLUMNS]


def _differences(rows: pd.DataFrame, metric: str) -> Iterator[dict]:
    for (corpus, encoder, protocol, objective), group in rows.groupby(UNVARIED):
        by_seed = {key: one.set_index("seed")[f"test_{metric}"] * 100 for key, one in group.groupby(SWITCH)}
        plain = by_seed.pop(("", ""), pd.Series(dtype=float))
        for switch, changed in by_seed.items():
            differences = (changed - plain).dropna().sort_index()
            tests = {key: value for key, value in compare(differences.to_numpy(), "seeds").items() if key in COLUMNS}
            keys = {"corpus": corpus, "encoder": encoder, "protocol": protocol, "objective": objective}
            keys |= dict(zip(SWITCH, switch, strict=True))
            yield {**keys, "metric": metric, "n": len(differences), "difference": differences.mean(), **tests}


def layout(table: pd.DataFrame, switches: dict[str, str]) -> Layout:
    """One row per encoder, objective and switch; a column per score and corpus."""
    named = table.assign(
        switch=[f"{switches[name]}: {name} = {value}" for name, value in table[SWITCH].itertuples(index=False)],
        text=[_text(*row) for row in table[["difference", "low", "high"]].itertuples(index=False)],
    )
    row_keys = list(dict.fromkeys(named[ROWS].itertuples(index=False, name=None)))
    reasons = dict.fromkeys(reason for reason in table["reason"] if reason and not reason.startswith("Wilcoxon"))
    laid_out = grid(named, ROWS, ["metric", "corpus"], row_keys=row_keys)
    return laid_out.with_notes(f"Without an interval: {'; '.join(reasons)}." if reasons else None)


def _text(difference: float, low: float, high: float) -> str:
    """A difference with its interval, e.g. "+0.31 [−0.12, +0.74]"."""
    if pd.isna(difference) or pd.isna(low):
        return signed(difference)
    return f"{signed(difference)} [{signed(low)}, {signed(high)}]"
