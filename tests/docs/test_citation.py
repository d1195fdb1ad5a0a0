"""CITATION.cff names the paper as docs and README do."""

import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
CITED = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))


def test_the_paper_is_cited_with_full_names_and_its_version():
    (paper,) = CITED["references"]
    assert all(len(author["given-names"].strip(".")) > 1 for author in paper["authors"])
    surnames = ", ".join(author["family-names"] for author in paper["authors"])
    assert surnames in " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    assert paper["identifiers"][0]["value"].endswith(paper["version"])
    assert paper["url"] == f"https://arxiv.org/abs/{paper['identifiers'][0]['value'].removeprefix('arXiv:')}"


def test_the_version_is_that_of_the_package():
    package = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert CITED["version"] == package.get("version", CITED["version"])
