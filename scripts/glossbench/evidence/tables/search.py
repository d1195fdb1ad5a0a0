"""T8: search ranges, the best values found, and the number of trials."""

import json
from typing import Any

import pandas as pd

from glossbench.evidence.selection import no_rows
from glossbench.evidence.tables.hyperparameters import titles
from glossbench.evidence.tables.layout import Layout
from glossbench.evidence.text.names import arrange
from glossbench.evidence.text.numbers import number, significant, span
from glossbench.frames import EXPERIMENT_OF_PROTOCOL

Space = dict[str, Any]
KEYS = [*EXPERIMENT_OF_PROTOCOL, "preset"]
STATES = ("complete", "pruned", "failed")
OBJECTIVE = ["encoder", "objective"]
COLUMNS = [
    *KEYS, "setting", "searched", "low", "high", "best", "score", "best_score", *(f"n_{state}" for state in STATES),
]  # fmt: skip

select = no_rows  # the table is made from trials, which do not depend on runs


def tidy(trials: pd.DataFrame) -> pd.DataFrame:
    """The range and the best value of each setting of a search.

    Returns:
        One row per search (corpus, encoder, objective, preset) and setting. searched is the range in words, low and
        high its ends, best the value of the best trial (missing if there is none), score the name of the validation
        score, best_score that of the best trial, and n_complete, n_pruned and n_failed the numbers of trials.
    """
    rows = []
    for keys, search in trials.groupby(KEYS, sort=False):
        best, ended = search[search["best"].astype(bool)], search["state"].value_counts()
        about = dict(zip(KEYS, keys, strict=True)) | {f"n_{state}": int(ended.get(state, 0)) for state in STATES}
        about |= {"score": search["score"].iloc[0], "best_score": best["value"].max()}
        for setting, ranges in spaces(search).items():
            ends = [float(end) for one in ranges for end in one.get("choices") or (one["low"], one["high"])]
            value = best[setting].max() if setting in best else float("nan")
            found = {"setting": setting, "searched": "; ".join(map(in_words, ranges)), "best": value}
            rows.append({**about, **found, "low": min(ends), "high": max(ends)})
    return _in_order(pd.DataFrame(rows, columns=COLUMNS), KEYS)


def layout(table: pd.DataFrame) -> Layout:
    """One row per encoder, objective and setting: searched range, best values over corpora, number of trials."""
    counts = {state.capitalize(): (f"n_{state}", "sum") for state in STATES}
    trials = table.drop_duplicates(KEYS).groupby(OBJECTIVE).agg(Searches=("n_failed", "size"), **counts)
    settings = _in_order(table, OBJECTIVE).groupby([*OBJECTIVE, "setting"], sort=False)
    lines = settings.agg(searched=("searched", "unique"), low=("best", "min"), high=("best", "max")).reset_index()
    lines = lines.assign(Setting=[titles().get(setting, setting) for setting in lines["setting"]])
    columns = {
        "Searched": map("; ".join, lines["searched"]),
        "Best found": [span(low, high, significant) for low, high in zip(lines["low"], lines["high"], strict=True)],
    }
    for title, numbers in lines.join(trials, OBJECTIVE)[list(trials)].items():
        columns[title] = numbers.map(number).mask(lines.duplicated(OBJECTIVE), "")
    return Layout.unranked(lines, [*OBJECTIVE, "Setting"], columns, worded=["Searched"])


def _in_order(table: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    return arrange(table, [*by, "setting"], setting=dict.fromkeys([*titles(), *sorted(table["setting"])]))


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
        return f"{{{', '.join(map(significant, space['choices']))}}}"
    text = span(space["low"], space["high"], significant)
    if space.get("step") is not None:
        text += f" in steps of {significant(space['step'])}"
    return f"{text}, log" if space.get("log") else text
