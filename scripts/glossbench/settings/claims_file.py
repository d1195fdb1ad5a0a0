"""Reads the registry of claims, config/claims.yaml."""

from pathlib import Path

from glossbench.settings.claims import Claim
from glossbench.settings.yaml_file import read_registry

KEY = ("[CN][1-9][0-9]*", "C (a claim of the paper) or N (one of our own) and a number, as in C1")


def load_claims(config_dir: Path) -> dict[str, Claim]:
    """The claims by key; SettingsError if the file is not valid."""
    return read_registry(config_dir / "claims.yaml", Claim, KEY)
