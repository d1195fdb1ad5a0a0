"""The page on the loss says what the loss takes."""

import inspect

import markdown_tables
from glossbench import GLoss
from repository import ROOT


def test_it_has_every_argument():
    page = (ROOT / "docs/loss.md").read_text(encoding="utf-8")
    _, *rows = next(table for table in markdown_tables.tables(page) if table[0][0] == "argument")
    assert {row[0].strip("`") for row in rows} == set(inspect.signature(GLoss).parameters)
