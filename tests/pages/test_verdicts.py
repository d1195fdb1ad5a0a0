"""results/verdicts.* are what their generator writes: each claim with the verdict of the study that judges it."""

import json
import shutil

import pytest
from glossbench.errors import GlossbenchError
from glossbench.pages.verdicts import as_json, page, verdicts
from registered import CLAIMS, ROOT


def test_the_files_are_up_to_date():
    rows = verdicts(ROOT)
    assert (ROOT / "results/verdicts.md").read_text(encoding="utf-8") == page(rows), "make docs brings it up to date"
    assert (ROOT / "results/verdicts.json").read_text(encoding="utf-8") == as_json(rows), "make docs"


def test_the_verdict_is_that_of_the_study_that_the_registry_names():
    rows = {row["id"]: row for row in verdicts(ROOT)}
    assert list(rows) == list(CLAIMS)
    for key, study in (("C1", "cpu"), ("C4", "cpu-timing"), ("C5", "cpu-ablations"), ("C9", "cpu-timing")):
        judged = {row["id"]: row for row in json.loads((ROOT / "results" / study / "claims.json").read_text())}[key]
        found = rows[key]
        assert (found["study"], found["verdict"], found["scope"]) == (study, judged["verdict"], judged["scope"])
        assert found["support"] == judged["support_text"]


def test_every_line_links_to_a_page_of_the_repository():
    for row in verdicts(ROOT):
        assert f"]({row['study']}/claims.md) |" in page([row])
        assert (ROOT / "results" / row["study"] / "claims.md").is_file()


def test_a_study_that_was_not_run_is_named(tmp_path):
    shutil.copytree(ROOT / "config", tmp_path / "config")
    with pytest.raises(GlossbenchError, match=r"results/cpu/claims\.json: missing, .* names cpu as .* judges C1"):
        verdicts(tmp_path)
