"""Search spaces as text and as bounds."""

import json
from typing import Any

import pandas as pd

from glossbench.evidence.text.numbers import significant, span

Space = dict[str, Any]


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
        return f"{{{', '.join(map(_value, space['choices']))}}}"
    text = span(space["low"], space["high"], significant)
    if space.get("step") is not None:
        text += f" in steps of {significant(space['step'])}"
    return f"{text}, log" if space.get("log") else text


def bounds(found: list[Space]) -> tuple[float, float]:
    """Smallest and largest number of the spaces; NaN if a choice is not a number."""
    ends = [end for space in found for end in space.get("choices", [space.get("low"), space.get("high")])]
    if not ends or not all(isinstance(end, int | float) for end in ends):
        return float("nan"), float("nan")
    return float(min(ends)), float(max(ends))


def _value(choice: Any) -> str:
    return significant(choice) if isinstance(choice, int | float) else str(choice)
