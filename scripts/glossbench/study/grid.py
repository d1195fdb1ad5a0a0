"""The runs of a study: blocks of corpora x encoders x objectives x seeds, each with settings to vary.

Imported while the workflow is parsed: nothing heavy in here.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

from glossbench.errors import SettingsError
from glossbench.study.keys import ObjectiveKey

LISTS = ("corpora", "encoders", "objectives", "seeds")


@dataclass(frozen=True, order=True)
class Run:
    """One training job: a corpus, an encoder, an objective key and a seed."""

    corpus: str
    encoder: str
    objective: str
    seed: int


@dataclass(frozen=True)
class Search:
    """One search: a corpus, an encoder and an objective key without changed settings."""

    corpus: str
    encoder: str
    objective: str


@dataclass(frozen=True)
class Block:
    """A product of runs: its lists and what it varies, and where in the study each list stands."""

    lists: dict[str, list]
    vary: dict[str, list]
    path: str
    own: frozenset[str]

    def place(self, name: str) -> str:
        """Path of a list in the study file: the block's, or the study's where the block has none."""
        return f"{self.path}{name}" if name in self.own else name

    def objective_keys(self, chosen: Callable[[str, str], Any]) -> Iterator[str]:
        """Its objectives, or each of them with each varied setting at each of its values.

        chosen: (key, setting) -> the value that a run of the key has anyway, None where that is not known yet. A
        value that changes nothing, or one times what was chosen, is the plain objective: no run is made twice.
        """
        if not self.vary:
            yield from self.lists["objectives"]
        for key, (setting, values) in product(self.lists["objectives"], self.vary.items()):
            for value in values:
                same = value in ("x1", "x1.0") or (isinstance(value, int | float) and value == chosen(key, setting))
                yield key if same else str(ObjectiveKey.parse(key).with_change(setting, value))

    def runs(self, keys: list[str]) -> list[Run]:
        """Its runs, given its objective keys."""
        return [
            Run(*cell) for cell in product(self.lists["corpora"], self.lists["encoders"], keys, self.lists["seeds"])
        ]


def blocks(settings: dict[str, Any], source: str) -> list[Block]:
    """The blocks of a study: its `grid`, or the study itself.

    A list that a block leaves out is the study's. Raises SettingsError where neither has it.
    """
    shared = {name: settings[name] for name in LISTS if settings.get(name) is not None}
    found = []
    for place, block in enumerate(settings["grid"] or [{}]):
        path = f"grid[{place}]." if settings["grid"] else ""
        lists = {**shared, **{name: block[name] for name in LISTS if name in block}}
        for name in LISTS:
            if name not in lists:
                raise SettingsError(f"{source}: {path}{name}: missing")
        found.append(Block(lists, block.get("vary", {}), path, frozenset(block)))
    return found
