"""The runs of a study: blocks of corpora x encoders x objectives x seeds, each with settings to vary.

Snakemake imports this module while it parses the workflow, so it imports no large packages.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

from glossbench.errors import SettingsError
from glossbench.settings.file import LISTS, Block, StudyFile
from glossbench.settings.keys import ObjectiveKey, spelled
from glossbench.settings.messages import shown
from glossbench.settings.model import scalar


@dataclass(frozen=True, order=True)
class Run:
    """One training job: a corpus, an encoder, an objective key and a seed."""

    corpus: str
    encoder: str
    objective: str
    seed: int


@dataclass(frozen=True)
class TuningJob:
    """One hyperparameter search: a corpus, an encoder and an objective key without changed settings."""

    corpus: str
    encoder: str
    objective: str


@dataclass(frozen=True)
class Product:
    """A block of a study with the lists that it takes from the study.

    Args:
        lists: Corpora, encoders, objectives and seeds, by the names in ``LISTS``.
        vary: Values to try, by setting.
        path: Prefix of the block's keys in the study file, e.g. ``grid[0].``; empty for the study itself.
        own: Names of the lists that the block gives itself. The others are the study's.
    """

    lists: dict[str, list]
    vary: dict[str, list]
    path: str
    own: frozenset[str]

    def place(self, name: str) -> str:
        """Path of a list in the study file: the block's own list, or else the study's."""
        return f"{self.path}{name}" if name in self.own else name

    def objective_keys(self, chosen: Callable[[str, str], Any]) -> Iterator[str]:
        """The objectives of the block, or each of them with each varied setting at each of its values.

        A value that equals the objective's own gives the unvaried key, so that no run is made twice.

        Args:
            chosen: Maps (key, setting) to the value that the objective has without a change; None if it is not known
                before a search or an estimate.
        """
        if not self.vary:
            yield from self.lists["objectives"]
        for key, (setting, values) in product(self.lists["objectives"], self.vary.items()):
            for value in values:
                same = value == "x1" or (isinstance(value, int | float) and value == chosen(key, setting))
                yield key if same else str(ObjectiveKey.parse(key).with_change(setting, value))

    def runs(self, keys: list[str]) -> list[Run]:
        """The runs of the block for these objective keys."""
        return [
            Run(*cell) for cell in product(self.lists["corpora"], self.lists["encoders"], keys, self.lists["seeds"])
        ]


def products(settings: StudyFile, source: str) -> list[Product]:
    """The blocks of a study: the entries of its ``grid``, or the study itself as one block.

    Args:
        settings: The study. Its lists replace those that a block leaves out.
        source: Name of the study file, for error messages.

    Raises:
        SettingsError: Neither a block nor the study has one of the lists, or a value is varied to twice.
    """
    result = []
    for place, block in enumerate(settings.grid or [Block()]):
        path = f"grid[{place}]." if settings.grid else ""
        lists = {name: list(getattr(block, name) or getattr(settings, name)) for name in LISTS}
        for name, values in lists.items():
            if not values:
                raise SettingsError(f"{source}: {path}{name}: missing")
        own = frozenset(name for name in LISTS if getattr(block, name))
        result.append(Product(lists, _varied(block.vary, f"{source}: {path}vary"), path, own))
    return result


def _varied(vary: dict[str, tuple], where: str) -> dict[str, list]:
    """The values to try, each in one spelling: text that is a number becomes the number.

    Raises:
        SettingsError: A value stands there twice.
    """
    result: dict[str, list] = {}
    for setting, values in vary.items():
        result[setting] = []
        for value in values:
            text = spelled(value)
            number = scalar(text)
            one = text if isinstance(number, bool) else number
            if one in result[setting]:
                raise SettingsError(f"{where}.{setting}: {shown(value)} is listed twice")
            result[setting].append(one)
    return result
