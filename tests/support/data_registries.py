"""The repository's registries."""

import yaml

from tests.support.repository import ROOT

PAPER_CORPORA = ["mr", "r8", "r52", "ohsumed", "20ng"]


def registry(name: str) -> dict:
    """The entries of config/{name}.yaml."""
    return yaml.safe_load((ROOT / "config" / f"{name}.yaml").read_text(encoding="utf-8"))
