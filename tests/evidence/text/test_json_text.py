"""JSON that every reader takes."""

import json
import math

import numpy as np
import pandas as pd
from glossbench.evidence.text.json_text import to_json, to_jsonable


def refuse(constant: str):
    raise AssertionError(constant)


def test_whatever_is_missing_or_infinite_is_null_and_types_of_libraries_are_plain():
    frame = pd.DataFrame({"a": [1, pd.NA], "b": [math.nan, 0.5]}).astype({"a": "Int64"})
    value = {"rows": frame, "inf": -math.inf, "one": np.float64(1), "flag": np.bool_(True), 3: (np.int64(2), None)}
    found = json.loads(to_json(value), parse_constant=refuse)
    rows = [{"a": 1, "b": None}, {"a": None, "b": 0.5}]
    assert found == {"rows": rows, "inf": None, "one": 1.0, "flag": True, "3": [2, None]}
    assert type(to_jsonable(np.int64(2))) is int


def test_text_ends_with_a_line_end_and_keeps_its_letters():
    assert to_json({"γ": "é"}) == '{\n "γ": "é"\n}\n'
