"""Strict JSON: no NaN, no infinity, no types of other libraries."""

import json
import math
from typing import Any

import pandas as pd


def to_json(value: Any) -> str:
    """Indented JSON with a final line break; see ``to_jsonable``."""
    return json.dumps(to_jsonable(value), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def to_jsonable(value: Any) -> Any:
    """A copy of a value with the types of JSON.

    Frames become lists of rows. Missing, NaN and infinite values become None.
    """
    if isinstance(value, pd.DataFrame):
        return to_jsonable(value.to_dict("records"))
    if isinstance(value, dict):
        return {str(key): to_jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_jsonable(item) for item in value]
    if hasattr(value, "item"):  # a numpy scalar
        value = value.item()
    if value is pd.NA or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return value
