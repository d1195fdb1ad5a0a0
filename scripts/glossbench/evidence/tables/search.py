"""T8: where the tuner looked, what it found best, and how its trials ended."""

import pandas as pd

from glossbench.evidence.tables.hyperparameters import SETTINGS
from glossbench.evidence.tables.spaces import bounds, in_words, spaces
from glossbench.evidence.text.layout import Layout
from glossbench.evidence.text.names import arrange, encoder_name, objective_name
from glossbench.evidence.text.numbers import number, significant, span

KEYS = ["corpus", "encoder", "protocol", "objective", "preset"]
STATES = ("complete", "pruned", "failed")
COLUMNS = [
    *KEYS, "setting", "searched", "low", "high", "best", "score", "best_score", *(f"n_{state}" for state in STATES),
]  # fmt: skip
ROWS = ["encoder", "objective", "setting"]
NOTES: tuple[str, ...] = ()


def select(runs: pd.DataFrame) -> pd.DataFrame:
    """No row: the table stands on the trials of searches, which come before the runs."""
    return runs.iloc[:0]


def tidy(trials: pd.DataFrame) -> pd.DataFrame:
    """One row a search and setting: what was searched, its bounds, the best value, the number of trials by state.

    ``trials`` is the collected trials.parquet. A search is a corpus, encoder, objective and preset; searched is its
    range in words, low and high its numbers; best is missing where no trial was the best. best_score is the best
    trial's validation score, score its name.
    """
    found = [row for keys, search in trials.groupby(KEYS, sort=False) for row in _settings(keys, search)]
    return _in_order(pd.DataFrame(found, columns=COLUMNS), KEYS)


def _settings(keys: tuple[str, ...], trials: pd.DataFrame) -> list[dict]:
    best = trials[trials["best"].astype(bool)]
    ended = trials["state"].value_counts()
    search = {
        **dict(zip(KEYS, keys, strict=True)),
        "score": trials["score"].iloc[0],
        "best_score": best["value"].max(),
        **{f"n_{state}": int(ended.get(state, 0)) for state in STATES},
    }
    rows = []
    for setting, seen in spaces(trials).items():
        low, high = bounds(seen)
        found = best[setting].max() if setting in best else float("nan")
        searched = "; ".join(map(in_words, seen))
        rows.append({**search, "setting": setting, "searched": searched, "low": low, "high": high, "best": found})
    return rows


def layout(table: pd.DataFrame) -> Layout:
    """One row an encoder, objective and setting: range searched, best found over corpora, trials of all searches."""
    table = _in_order(table, ["encoder", "objective"])
    ended = _trials(table)
    headers, cells, above = [], [], None
    for (encoder, objective, setting), rows in table.groupby(ROWS, sort=False):
        first = (encoder, objective) != above
        headers.append((encoder_name(encoder), objective_name(objective), SETTINGS.get(setting, setting)))
        cells.append(
            ["; ".join(dict.fromkeys(rows["searched"])), span(rows["best"].min(), rows["best"].max(), significant)]
            + (ended[encoder, objective] if first else [""] * 4)
        )
        above = (encoder, objective)
    index = pd.MultiIndex.from_arrays(
        [[header[level] for header in headers] for level in range(3)], names=["Encoder", "Objective", "Setting"]
    )
    columns = ["Searched", "Best found", "Searches", *(state.capitalize() for state in STATES)]
    return Layout.unranked(pd.DataFrame(cells, index=index, columns=columns, dtype=object), worded=["Searched"])


def _trials(table: pd.DataFrame) -> dict[tuple[str, str], list[str]]:
    """Number of searches of an encoder and objective, and of their trials by state."""
    searches = table.drop_duplicates(["corpus", "encoder", "objective", "preset"])
    counts = searches.groupby(["encoder", "objective"])[[f"n_{state}" for state in STATES]].agg(["size", "sum"])
    return {
        keys: [number(row.iloc[0]), *(number(row[f"n_{state}", "sum"]) for state in STATES)]
        for keys, row in counts.iterrows()
    }


def _in_order(table: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """The rows in readers' order of the keys, then settings as T7 has them, others by name."""
    known = {setting: place for place, setting in enumerate(SETTINGS)}
    places = [known.get(setting, len(known)) for setting in table["setting"]]
    return arrange(table.assign(place=places), [*by, "place", "setting"])[COLUMNS]
