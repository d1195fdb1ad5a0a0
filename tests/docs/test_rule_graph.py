"""The picture of the rule graph: up to date, and laid out so that it can be read."""

import networkx as nx
import pytest
from glossbench.tools.rule_graph import edges_text, graph_of, positions, stages
from PIL import Image
from studies import ROOT, snakemake

PICTURE = ROOT / "docs/images/rules.png"


@pytest.mark.slow
def test_the_picture_shows_the_rules_as_they_are(tmp_path):
    process = snakemake(tmp_path, "--rulegraph", "dot", "--forceall")
    assert process.returncode == 0, process.stderr
    assert Image.open(PICTURE).text["Description"] == edges_text(graph_of(process.stdout)), "run make docs"


def test_edges_lead_to_the_right_and_no_two_rules_share_a_place():
    edges = [edge.split(" -> ") for edge in Image.open(PICTURE).text["Description"].split("; ")]
    graph = nx.DiGraph(edges)
    assert {"fetch_corpus", "train", "collect", "report", "all"} <= set(graph)
    places, lines = positions(graph)
    assert len(set(places.values())) == len(places) == len(graph)
    assert len(lines) == len(edges)
    for line in lines:
        assert [x for x, _ in line] == list(range(line[0][0], line[-1][0] + 1))
        assert not set(line[1:-1]) & set(places.values()), "an edge leads through a rule"


def test_every_rule_but_the_target_has_a_stage():
    shown = set(Image.open(PICTURE).text["Description"].replace("; ", " -> ").split(" -> "))
    assert shown - set(stages()) == {"all"}
