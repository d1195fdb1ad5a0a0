"""The registries that a study's keys are looked up in: config/corpora.yaml, encoders.yaml and objectives.yaml."""

from dataclasses import dataclass
from pathlib import Path

from glossbench.settings.objectives import ObjectiveEntry, read_objectives, read_presets
from glossbench.settings.sources import Corpus, EncoderEntry, read_corpora, read_encoders


@dataclass(frozen=True)
class Registries:
    """Entries by key, in the order of their file."""

    corpora: dict[str, Corpus]
    encoders: dict[str, EncoderEntry]
    objectives: dict[str, ObjectiveEntry]


def read_registries(config_dir: Path) -> Registries:
    """Read them; SettingsError if one is not valid."""
    objectives = read_objectives(config_dir, read_presets(config_dir))
    return Registries(read_corpora(config_dir), read_encoders(config_dir), objectives)
