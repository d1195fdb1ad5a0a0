"""JSON files of a run."""

import json
from pathlib import Path
from typing import Any

from glossbench.files import replacing


def write_json(path: str | Path, value: Any) -> None:
    """Write a value as JSON with sorted keys, an indent of two spaces and a final newline.

    The file is complete as soon as it exists, so that it can be read while other jobs are running.
    """
    text = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    with replacing(path) as partial:
        partial.write_text(text + "\n", encoding="utf-8")
