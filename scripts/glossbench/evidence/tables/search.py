"""T8: search ranges, the best values found, and the number of trials."""

import pandas as pd

from glossbench.evidence.selection import no_rows
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


select = no_rows  # the table is made from trials, which do not depend on runs


def tidy(trials: pd.DataFrame) -> pd.DataFrame:
    """The range and the best value of each setting of a search.

    Args:
        trials: The collected trials.

    Returns:
        One row per search (corpus, encoder, objective, preset) and setting. searched is the range in words, low and
        high its ends, best the value of the best trial (missing if there is none), score the name of the validation
        score, best_score that of the best trial, and n_complete, n_pruned and n_failed the numbers of trials.
    """
    rows = [row for keys, search in trials.groupby(KEYS, sort=False) for row in _settings(keys, search)]
    return _in_order(pd.DataFrame(rows, columns=COLUMNS), KEYS)


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
    for setting, ranges in spaces(trials).items():
        low, high = bounds(ranges)
        value = best[setting].max() if setting in best else float("nan")
        searched = "; ".join(map(in_words, ranges))
        rows.append({**search, "setting": setting, "searched": searched, "low": low, "high": high, "best": value})
    return rows


def layout(table: pd.DataFrame) -> Layout:
    """One row per encoder, objective and setting: searched range, best values over corpora, number of trials."""
    table = _in_order(table, ["encoder", "objective"])
    trials = _trials(table)
    headers, cells, previous = [], [], None
    for (encoder, objective, setting), rows in table.groupby(ROWS, sort=False):
        first = (encoder, objective) != previous
        headers.append((encoder_name(encoder), objective_name(objective), SETTINGS.get(setting, setting)))
        cells.append(
            ["; ".join(dict.fromkeys(rows["searched"])), span(rows["best"].min(), rows["best"].max(), significant)]
            + (trials[encoder, objective] if first else [""] * 4)
        )
        previous = (encoder, objective)
    index = pd.MultiIndex.from_arrays(
        [[header[level] for header in headers] for level in range(3)], names=["Encoder", "Objective", "Setting"]
    )
    columns = ["Searched", "Best found", "Searches", *(state.capitalize() for state in STATES)]
    return Layout.unranked(pd.DataFrame(cells, index=index, columns=columns, dtype=object), worded=["Searched"])


def _trials(table: pd.DataFrame) -> dict[tuple[str, str], list[str]]:
    """The number of searches of each encoder and objective, and of their trials by state."""
    searches = table.drop_duplicates(["corpus", "encoder", "objective", "preset"])
    counts = searches.groupby(["encoder", "objective"])[[f"n_{state}" for state in STATES]].agg(["size", "sum"])
    return {
        keys: [number(row.iloc[0]), *(number(row[f"n_{state}", "sum"]) for state in STATES)]
        for keys, row in counts.iterrows()
    }


def _in_order(table: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """The rows in display order of the keys, then settings in the order of T7, then other settings by name."""
    known = {setting: place for place, setting in enumerate(SETTINGS)}
    places = [known.get(setting, len(known)) for setting in table["setting"]]
    return arrange(table.assign(place=places), [*by, "place", "setting"])[COLUMNS]
