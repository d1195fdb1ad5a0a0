"""Keys of the paper's corpora, encoders and objectives.

Snakemake imports this module while it parses the workflow, so it imports no large packages.
"""

import csv
from functools import lru_cache
from pathlib import Path


@lru_cache
def paper_keys(config_dir: Path) -> dict[str, list[str]]:
    """The paper's keys by kind ("corpus", "encoder", "objective"), in the order of config/published/names.csv."""
    keys: dict[str, list[str]] = {}
    with (config_dir / "published" / "names.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            keys.setdefault(row["kind"], []).append(row["key"])
    return keys


@lru_cache
def key_by_printed(config_dir: Path, kind: str) -> dict[str, str]:
    """Our key by the paper's printed name, of one kind ("corpus", "encoder" or "objective")."""
    with (config_dir / "published" / "names.csv").open(encoding="utf-8", newline="") as file:
        return {row["printed"]: row["key"] for row in csv.DictReader(file) if row["kind"] == kind}
