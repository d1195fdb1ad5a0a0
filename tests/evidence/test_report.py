"""The report: complete, escaped, and in need of nothing beside itself."""

import base64
import os
import subprocess
import sys
from html.parser import HTMLParser

import evidence_frames as frames
import pytest
from glossbench.evidence.report import Picture, render_report

PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=")
ATTACK = "<script>alert('x')</script>"
VOID = {"meta", "img", "br", "link", "input", "hr"}


class Page(HTMLParser):
    """Collects tags and texts, and checks on the way that every tag is closed in its turn."""

    def __init__(self, page: str):
        super().__init__()
        self.open, self.tags, self.text = [], [], []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)

    def attributes(self, name: str) -> list[str]:
        return [attributes[name] for _, attributes in self.tags if name in attributes]


@pytest.fixture
def page() -> str:
    runs = frames.runs({("mr", "minilm-l6", "ce"): [0.9, 0.8], ("mr", "minilm-l6", "scl-ce"): [0.7]})
    return render_report(
        settings={"study": "mine", "training": {"epochs": 3, "note": ATTACK}, "seeds": [0, 1], "off": None},
        provenance={"commit": "abc123", "packages": {"torch": "2.13.0"}, "processor": ATTACK},
        corpora=frames.corpora("mr", title=ATTACK, licence="a & b"),
        runs=runs.assign(device=ATTACK),
        pictures=[Picture("learning_curves", PNG, "What is seen. And how to read it.")],
        captions={"results": "About results.", "corpora": "About corpora."},
    )


def test_page_refers_to_nothing_outside_its_study(page):
    parsed = Page(page)
    places = parsed.attributes("src") + parsed.attributes("href")
    assert places
    for place in places:
        assert place.startswith(("data:image/png;base64,", "#", "tables/", "figures/"))
    assert {"script", "link", "iframe"}.isdisjoint(tag for tag, _ in parsed.tags)
    assert "url(" not in page
    assert "@import" not in page


def test_text_from_outside_is_escaped_wherever_it_stands(page):
    assert ATTACK not in page
    assert "".join(Page(page).text).count(ATTACK) >= 4  # title, setting, provenance, device: shown as text


def test_page_shows_study_settings_provenance_tables_figures_and_runs(page):
    text = " ".join(" ".join(Page(page).text).split())
    for shown in ("mine", "epochs 3", "0, 1", "abc123", "torch 2.13.0", "About results.", "What is seen."):
        assert shown in text
    assert "<strong>85.00 ± 7.07</strong>" in page
    assert "<u>70.00 ± –</u>" in page
    assert base64.b64encode(PNG).decode() in page
    assert "Slowest run" in text


def test_page_can_be_walked_by_its_links_and_heard(page):
    parsed = Page(page)
    identifiers = parsed.attributes("id")
    assert len(identifiers) == len(set(identifiers))
    for place in parsed.attributes("href"):
        assert not place.startswith("#") or place[1:] in identifiers
    images = [attributes for tag, attributes in parsed.tags if tag == "img"]
    assert [image["alt"] for image in images] == ["What is seen"]
    assert [tag for tag, _ in parsed.tags].count("h1") == 1
    assert ("html", {"lang": "en"}) in parsed.tags


IMPORTS = """
import sys
import glossbench.evidence.report
import glossbench.evidence.figures.learning_curves
import glossbench.evidence.figures.projections
foreign = {"torch", "transformers", "datasets", "snakemake", "glossbench.data", "glossbench.learning"}
assert foreign.isdisjoint(sys.modules), foreign & set(sys.modules)
"""


def test_evidence_knows_neither_data_nor_learning_nor_the_workflow():
    environment = {"PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", IMPORTS], check=True, env=environment)
