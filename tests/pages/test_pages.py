"""results/verdicts.* and the graph in docs/running.md are what their generators write."""

import json
import shutil

import pytest
from glossbench.errors import GlossbenchError
from glossbench.pages.__main__ import with_graph
from glossbench.pages.verdicts import verdicts

from tests.support.registered import CLAIMS, ROOT
from tests.support.studies import snakemake

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
    assert (page[:7], page[-6:]) == ("Before\n", "after\n")
    assert with_graph(page, PRINTED) == page
    with pytest.raises(GlossbenchError, match="no graph"):  # Snakemake failed
        with_graph(page, "")


@pytest.mark.slow
def test_the_page_shows_the_rules_as_they_are(tmp_path):
    process = snakemake(tmp_path, "--rulegraph", "mermaid-js", "--forceall")
    assert process.returncode == 0, process.stderr
    page = (ROOT / "docs/running.md").read_text(encoding="utf-8")
    assert page == with_graph(page, process.stdout), "run make docs"


def test_each_claim_has_the_verdict_of_the_study_that_the_registry_names():
    made = verdicts(ROOT)
    for ending, text in made.items():
        assert (ROOT / f"results/verdicts.{ending}").read_text(encoding="utf-8") == text, "run make docs"
    rows = {row["id"]: row for row in json.loads(made["json"])}
    assert list(rows) == list(CLAIMS)
    for key, row in rows.items():
        assert row["study"] == CLAIMS[key].judged_in
        judged = json.loads((ROOT / "results" / row["study"] / "claims.json").read_text(encoding="utf-8"))
        (found,) = (one for one in judged if one["id"] == key)
        expected = [found[name] for name in ("verdict", "scope", "support_text")]
        assert [row[name] for name in ("verdict", "scope", "support")] == expected
        assert f"]({row['study']}/claims.md) |" in made["md"]
        assert row["noise"] == found["noise"]
        assert (f"\n- {key}: " in made["md"]) == bool(found["noise"])
        assert all(sentence in made["md"].replace("\\", "") for sentence in found["noise"])


def test_a_claim_whose_study_was_not_run_is_not_tested(tmp_path):
    shutil.copytree(ROOT / "config", tmp_path / "config")
    made = verdicts(tmp_path)
    assert {row["verdict"] for row in json.loads(made["json"])} == {"not tested"}
    assert "| not tested | – | – | cpu |" in made["md"]
