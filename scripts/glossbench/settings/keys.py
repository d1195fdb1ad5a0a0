"""The key of an objective: ``{objective}[@preset][+setting=value]...``.

Studies, folders and frames name an objective by its key. Only this module parses and formats keys. A key is safe as a
folder name, as a wildcard, and in the text in which Snakemake tells a node its jobs, which a comma would cut. In study
files and on the command line a comma may stand in the place of each plus sign.
"""

import re
from dataclasses import dataclass, replace
from typing import Any

DIGITS = ".12g"  # of a number in a key: 0.1 + 0.2 is 0.3
CHANGED = ("setting", "value")
FORM = "objective[@preset][+setting=value]"
PATTERN = re.compile(
    r"(?P<base>[a-z0-9-]+)(?:@(?P<preset>[a-z0-9-]+))?(?P<changes>(?:[+,][a-z_]+=[A-Za-z0-9.-]+)*)",
)
CHANGE = re.compile(r"[+,]([a-z_]+)=([A-Za-z0-9.-]+)")
MULTIPLE = re.compile(r"x(?P<factor>[0-9.]+(?:e-?[0-9]+)?)")


@dataclass(frozen=True)
class ObjectiveKey:
    """The parts of an objective's key."""

    base: str  # Entry of config/objectives.yaml
    preset: str | None = None  # Preset named after ``@``; None for the entry's own
    changes: tuple[tuple[str, str], ...] = ()  # Changed settings in the order of the key, each with its value as text

    @classmethod
    def parse(cls, text: str) -> "ObjectiveKey":
        """Parse a key; ValueError if the text is not one."""
        match = PATTERN.fullmatch(text)
        if match is None:
            raise ValueError(f"{text!r} is not of the form {FORM}")
        return cls(match["base"], match["preset"], tuple(CHANGE.findall(match["changes"])))

    def __str__(self) -> str:
        preset = f"@{self.preset}" if self.preset else ""
        return f"{self.base}{preset}" + "".join(f"+{setting}={value}" for setting, value in self.changes)

    @property
    def variant(self) -> str:
        """What follows the base: preset and changed settings; empty for the base alone."""
        return str(self).removeprefix(self.base)

    @property
    def unvaried(self) -> "ObjectiveKey":
        """The key without its changed settings. All keys that change a setting of it share its search."""
        return replace(self, changes=())

    def with_change(self, setting: str, value: Any) -> "ObjectiveKey":
        """The key with one more changed setting, to a number, a truth value, or text such as ``x1.5``."""
        text = value if isinstance(value, str) else spelled(value)
        return replace(self, changes=(*self.changes, (setting, text)))

    def columns(self) -> dict[str, str]:
        """The columns of frames that describe the key, so that readers of a frame need not parse it.

        ``setting`` and ``value`` are empty if nothing is changed, and joined by commas if several settings are.
        """
        changed = {name: ",".join(change[part] for change in self.changes) for part, name in enumerate(CHANGED)}
        return {"base": self.base, "unvaried": str(self.unvaried), **changed}


def canonical_key(text: str) -> str:
    """A key in its own spelling, with plus signs for commas; any other text as it is."""
    return str(ObjectiveKey.parse(text)) if PATTERN.fullmatch(text) else text


def multiple(value: str) -> str | None:
    """The factor of a value such as ``x1.5`` as text; None if the value is not a multiple."""
    return match["factor"] if (match := MULTIPLE.fullmatch(value)) else None


def spelled(value: Any) -> str:
    """A value as a key has it: 0.5 and the texts "0.50" and "x1.50" become 0.5, 0.5 and x1.5; true becomes "true"."""
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value)
    factor = multiple(text)
    try:
        number = float(factor or text)
    except (ValueError, OverflowError):
        return text
    written = f"{number:{DIGITS}}".replace("e+", "e")
    return f"x{written}" if factor else written
