"""The page on the loss says what the loss takes."""

import inspect

from glossbench import GLoss

from tests.support import markdown_tables
from tests.support.repository import ROOT


def test_it_has_every_argument():
    page = (ROOT / "docs/loss.md").read_text(encoding="utf-8")
    _, *rows = next(table for table in markdown_tables.tables(page) if table[0][0] == "argument")
    assert {row[0].strip("`") for row in rows} == set(inspect.signature(GLoss).parameters)
