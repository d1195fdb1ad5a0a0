"""Markdown: the one writer of its tables, and text made safe for it."""

import re
from collections.abc import Iterable, Sequence

SPECIAL = str.maketrans({character: "\\" + character for character in "\\`*_[]<>|"})


def pipe_table(headers: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[bool] | None = None) -> str:
    """A table of texts that are Markdown already, without a line end behind it.

    Args:
        headers: Of the columns.
        rows: A text for each column. A bar in a text is escaped where it is not.
        right: For each column whether it is set flush right; left where nothing is said.
    """
    sides = ["---:" if flush else ":---" for flush in right] if right is not None else ["---"] * len(headers)
    return "\n".join(f"| {' | '.join(map(_barred, line))} |" for line in (headers, sides, *rows))


def escaped(text: str) -> str:
    """A text on one line in which no character means anything to Markdown."""
    return one_line(text).translate(SPECIAL)


def one_line(text: str) -> str:
    """The text with every run of white space as one space."""
    return re.sub(r"\s+", " ", text).strip()


def _barred(text: str) -> str:
    return re.sub(r"(?<!\\)\|", r"\\|", text)
