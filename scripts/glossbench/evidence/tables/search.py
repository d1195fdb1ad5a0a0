"""T8: search ranges, the best values found, and the number of trials."""

import json
from typing import Any

import pandas as pd

from glossbench.evidence.selection import no_rows
from glossbench.evidence.tables.hyperparameters import titles
from glossbench.evidence.tables.layout import Layout
from glossbench.evidence.text.names import arrange
from glossbench.evidence.text.numbers import number, significant, span

Space = dict[str, Any]
KEYS = ["corpus", "encoder", "protocol", "objective", "preset"]
STATES = ("complete", "pruned", "failed")
TRIALS = ["Searches", *(state.capitalize() for state in STATES)]
COLUMNS = [
    *KEYS, "setting", "searched", "low", "high", "best", "score", "best_score", *(f"n_{state}" for state in STATES),
]  # fmt: skip

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
        low, high = _bounds(ranges)
        value = best[setting].max() if setting in best else float("nan")
        searched = "; ".join(map(in_words, ranges))
        rows.append({**search, "setting": setting, "searched": searched, "low": low, "high": high, "best": value})
    return rows


def layout(table: pd.DataFrame) -> Layout:
    """One row per encoder, objective and setting: searched range, best values over corpora, number of trials."""
    table = _in_order(table, ["encoder", "objective"])
    counts = [f"n_{state}" for state in STATES]
    searches = table.drop_duplicates(KEYS).groupby(["encoder", "objective"])[counts].agg(["size", "sum"])
    lines, previous = [], None
    for (encoder, objective, setting), rows in table.groupby(["encoder", "objective", "setting"], sort=False):
        own = searches.loc[(encoder, objective)]
        trials = map(number, [own.iloc[0], *(own[count, "sum"] for count in counts)])
        lines.append(
            {
                **{"encoder": encoder, "objective": objective, "Setting": titles().get(setting, setting)},
                "Searched": "; ".join(dict.fromkeys(rows["searched"])),
                "Best found": span(rows["best"].min(), rows["best"].max(), significant),
                **dict(zip(TRIALS, trials if (encoder, objective) != previous else [""] * 4, strict=True)),
            }
        )
        previous = (encoder, objective)
    columns = ["Searched", "Best found", *TRIALS]
    table = pd.DataFrame(lines, columns=["encoder", "objective", "Setting", *columns])
    return Layout.unranked(table, ["encoder", "objective", "Setting"], table[columns], worded=["Searched"])


def _in_order(table: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """The rows in display order of the keys, then settings in the order of T7, then other settings by name."""
    known = {setting: place for place, setting in enumerate(titles())}
    places = [known.get(setting, len(known)) for setting in table["setting"]]
    return arrange(table.assign(place=places), [*by, "place", "setting"])[COLUMNS]


def spaces(trials: pd.DataFrame) -> dict[str, list[Space]]:
    """The distinct search spaces of each setting, from the column ``space`` of trials.parquet (JSON)."""
    by_setting: dict[str, list[Space]] = {}
    for text in trials["space"].dropna().unique():
        for setting, space in json.loads(text).items():
            known = by_setting.setdefault(setting, [])
            if space not in known:
                known.append(space)
    return by_setting


def in_words(space: Space) -> str:
    """A search space as text: "{0.1, 0.3}", "0.1–0.9", "0.5–0.9 in steps of 0.1" or "0.01–10, log"."""
    if "choices" in space:
        choices = (significant(one) if isinstance(one, int | float) else str(one) for one in space["choices"])
        return f"{{{', '.join(choices)}}}"
    text = span(space["low"], space["high"], significant)
    if space.get("step") is not None:
        text += f" in steps of {significant(space['step'])}"
    return f"{text}, log" if space.get("log") else text


def _bounds(found: list[Space]) -> tuple[float, float]:
    """Smallest and largest number of the spaces; NaN if a choice is not a number."""
    ends = [end for space in found for end in space.get("choices", [space.get("low"), space.get("high")])]
    if not ends or not all(isinstance(end, int | float) for end in ends):
        return float("nan"), float("nan")
    return float(min(ends)), float(max(ends))
