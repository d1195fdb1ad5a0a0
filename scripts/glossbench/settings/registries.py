"""The registries of a study's keys: corpora.yaml, encoders.yaml, objectives.yaml and presets.yaml in config/."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glossbench.settings.objectives import ObjectiveEntry, read_objectives, read_presets
from glossbench.settings.sources import CorpusEntry, EncoderEntry, read_corpora, read_encoders


@dataclass(frozen=True)
class Registries:
    """Entries by key, in the order of their file."""

    corpora: dict[str, CorpusEntry]
    encoders: dict[str, EncoderEntry]
    objectives: dict[str, ObjectiveEntry]
    presets: dict[str, Any]  # models that are made from those of the losses; see ``settings.objectives``


def read_registries(config_dir: Path) -> Registries:
    """Read them; SettingsError if one is not valid."""
    presets = read_presets(config_dir)
    objectives = read_objectives(config_dir, presets)
    return Registries(read_corpora(config_dir), read_encoders(config_dir), objectives, presets)
