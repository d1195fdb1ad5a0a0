"""JSON that every reader takes: no NaN, no infinity, no type of a library."""

import json
import math
from typing import Any

import pandas as pd


def to_json(value: Any) -> str:
    """Indented text with a line end. Frames are lists of rows; what is missing, NaN or infinite is null."""
    return json.dumps(to_jsonable(value), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def to_jsonable(value: Any) -> Any:
    """A copy made of mappings, lists, texts, numbers, booleans and None alone."""
    if isinstance(value, pd.DataFrame):
        return to_jsonable(value.to_dict("records"))
    if isinstance(value, dict):
        return {str(key): to_jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_jsonable(item) for item in value]
    if hasattr(value, "item"):  # a scalar of numpy
        value = value.item()
    if value is pd.NA or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return value
