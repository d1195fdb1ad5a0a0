"""An unpacked archive of a study's evidence: its studies, what belongs to each, and which of its files are sound."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from glossbench.errors import GlossbenchError
from glossbench.settings.names import Names, names_of
from glossbench.settings.outputs import Output, load_outputs
from glossbench.settings.study import Study, load_study
from glossbench.settings.yaml_file import read_yaml
from glossbench.tools.archive import STUDY


@dataclass(frozen=True)
class Member:
    """A study with runs of its own: the archive's study, or one of those that it unites.

    Args:
        study: The study.
        place: Start of the names of the files that belong to it alone; empty for the archive's study itself.
        file: Name of its study file.
    """

    study: Study
    place: str
    file: str


class Packed:
    """An unpacked archive.

    Args:
        root: Its top folder.
        sound: Names of its files whose checksums are right.

    Raises:
        SettingsError: Its study or its registries are not valid.
    """

    def __init__(self, root: Path, sound: set[str]):
        self.root, self.sound, self.config = root, sound, root / "config"
        given = read_yaml(root / STUDY)
        self.study = load_study(given, STUDY, self.config)
        self.members = [Member(self.study, "", STUDY)]
        self.outputs: list[Output] = [one for one in load_outputs(self.config) if one.fillable(self.study)]
        self.names: Names = names_of(self.study, self.config)

    @cached_property
    def provenance(self) -> dict[str, Any] | None:
        """The content of provenance.json; None if it is not sound."""
        return self.json("provenance.json")

    def json(self, name: str) -> dict[str, Any] | None:
        """The mapping in a JSON file; None if the file is not sound.

        Raises:
            GlossbenchError: It holds no mapping.
        """
        if name not in self.sound:
            return None
        try:
            found = json.loads((self.root / name).read_text(encoding="utf-8"))
        except ValueError as error:
            raise GlossbenchError(f"{name}: cannot be read: {one_line(error)}") from None
        if not isinstance(found, dict):
            raise GlossbenchError(f"{name}: cannot be read: a mapping was expected")
        return found

    def frame(self, name: str) -> pd.DataFrame | None:
        """A frame; None if it is not sound or cannot be read, which is a fault of its own."""
        try:
            return pd.read_parquet(self.root / f"{name}.parquet") if f"{name}.parquet" in self.sound else None
        except Exception:  # reading a file that is not Parquet may raise anything
            return None


def one_line(value: Any) -> str:
    """A text without line breaks."""
    return " ".join(str(value).split())
