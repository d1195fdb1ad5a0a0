"""docs/guarantees.md names at least one test for each promise, and each of these tests exists."""

import ast
import re
from functools import cache

import pytest

from tests.support.registered import ROOT

PAGE = (ROOT / "docs" / "guarantees.md").read_text(encoding="utf-8")
REFERENCE = re.compile(r"`(tests/[\w/]+\.py)::(\w+)(?:\[([^]]+)\])?`")


def promises():
    """List items of the page, each with the lines that belong to it."""
    return re.findall(r"^- .+(?:\n  .+)*", PAGE, re.MULTILINE)


@cache
def contents(file):
    """Names of the tests of a file, and the texts in it, which name the cases of its tests."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    tests = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    return tests, {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}


def test_every_promise_names_a_test():
    assert len(promises()) > 20
    assert [promise for promise in promises() if not REFERENCE.search(promise)] == []


def test_every_reference_has_the_form_that_is_checked():
    assert len(REFERENCE.findall(PAGE)) == PAGE.count("`tests/")


@pytest.mark.parametrize("file", sorted({file for file, *_ in REFERENCE.findall(PAGE)}))
def test_every_test_that_the_page_names_exists(file):
    assert (ROOT / file).is_file(), f"{file} is not there; correct docs/guarantees.md"
    tests, texts = contents(file)
    for name, case in {(name, case) for other, name, case in REFERENCE.findall(PAGE) if other == file}:
        assert name in tests, f"{file} has no {name}"
        assert not case or case in texts, f"{file}::{name} has no case {case!r}"
