"""Which corpora, encoders and objectives the paper has, by our keys. Imported while the workflow is parsed."""

import csv
from functools import lru_cache
from pathlib import Path


@lru_cache
def paper_keys(config_dir: Path) -> dict[str, list[str]]:
    """Keys by kind ("corpus", "encoder", "objective") in the order of config/published/names.csv."""
    keys: dict[str, list[str]] = {}
    with (config_dir / "published" / "names.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            keys.setdefault(row["kind"], []).append(row["key"])
    return keys
