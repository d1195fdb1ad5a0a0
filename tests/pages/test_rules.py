"""The graph of the rules in docs/running.md: up to date, and without edges that follow from others."""

import pytest
from glossbench.pages.rules import with_graph
from studies import ROOT, snakemake

PRINTED = """
flowchart TB
    id0[all]
    id1[table]
    id2[collect]
    style id0 fill:#D95757
    id1 --> id0
    id2 --> id0
    id2 --> id1
"""
EMPTY = "Before\n<!-- begin rules -->\n<!-- end rules -->\nafter\n"


def test_an_edge_that_follows_from_others_is_left_out():
    page = with_graph(EMPTY, PRINTED)
    assert "    collect --> table\n    table --> all\n" in page
    assert "collect --> all" not in page
    assert page.startswith("Before\n")
    assert page.endswith("after\n")
    assert with_graph(page, PRINTED) == page


@pytest.mark.slow
def test_the_page_shows_the_rules_as_they_are(tmp_path):
    process = snakemake(tmp_path, "--rulegraph", "mermaid-js", "--forceall")
    assert process.returncode == 0, process.stderr
    page = (ROOT / "docs/running.md").read_text(encoding="utf-8")
    assert page == with_graph(page, process.stdout), "run make docs"
