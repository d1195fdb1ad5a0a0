"""Markdown tables, and escaping of text for Markdown."""

import re
from collections.abc import Iterable, Sequence

SPECIAL = str.maketrans({character: "\\" + character for character in "\\`*_[]<>|"})


def pipe_table(headers: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[bool] | None = None) -> str:
    """A Markdown table, without a final line break.

    Args:
        headers: Column headers, in Markdown.
        rows: One text per column, in Markdown. Vertical bars that are not escaped are escaped.
        right: Whether each column is aligned right; by default no alignment is set.
    """
    sides = ["---:" if flush else ":---" for flush in right] if right is not None else ["---"] * len(headers)
    return "\n".join(f"| {' | '.join(map(_barred, line))} |" for line in (headers, sides, *rows))


def escaped(text: str) -> str:
    """The text on one line, with all special characters of Markdown escaped."""
    return one_line(text).translate(SPECIAL)


def one_line(text: str) -> str:
    """The text with all white space replaced by single spaces."""
    return re.sub(r"\s+", " ", text).strip()


def _barred(text: str) -> str:
    return re.sub(r"(?<!\\)\|", r"\\|", text)
