"""Tables of Markdown pages, read as a reader sees them."""

import re


def tables(page: str) -> list[list[list[str]]]:
    """The tables of a page: each a list of rows, the head first, of texts by column."""
    found = []
    for block in re.findall(r"(?:^\|.*(?:\n|\Z))+", page, re.MULTILINE):
        head, _, *rows = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in block.splitlines()]
        found.append([head, *rows])
    return found


def rows(page: str) -> list[list[str]]:
    """The rows of all tables of a page, without their heads."""
    return [row for _, *body in tables(page) for row in body]
