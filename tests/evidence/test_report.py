"""The report: complete, escaped, and in need of nothing beside itself."""

import base64
import hashlib
import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import evidence_frames as frames
import pytest
import report_pages as pages
from docutils.core import publish_parts
from glossbench.evidence.report.page import machines, shown_exhibits
from glossbench.evidence.report.runs_table import details
from glossbench.study.outputs import load_exhibits
from jinja2 import Environment, StrictUndefined

ROOT = Path(__file__).parents[2]
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
        if self.open[-1:] not in (["script"], ["style"]):
            self.text.append(data)

    def attributes(self, name: str) -> list[str]:
        return [attributes[name] for _, attributes in self.tags if name in attributes]

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.text).split())


@pytest.fixture(scope="module")
def page() -> str:
    return pages.page()


def test_page_refers_to_nothing_outside_its_study(page):
    places = Page(page).attributes("src") + Page(page).attributes("href")
    assert places
    for place in places:
        assert re.match(r"data:(image/png;base64,|,$)|#|(tables|figures)/|[a-z]+\.(parquet|json|md|csv)$", place)
    assert "url(" not in page
    assert "@import" not in page


def test_browser_is_told_to_run_the_page_s_own_script_and_no_other(page):
    (policy,) = [tag["content"] for _, tag in Page(page).tags if tag.get("http-equiv") == "Content-Security-Policy"]
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'")
    assert not [name for _, tag in Page(page).tags for name in tag if name.startswith("on")]


def test_text_from_outside_is_escaped_wherever_it_stands(page):
    assert pages.ATTACK not in page
    # a corpus's title, a setting, provenance, a machine, a claim's caveat
    assert "".join(Page(page).text).count(pages.ATTACK) >= 5


def test_page_shows_study_settings_provenance_tables_figures_and_runs(page):
    words = Page(page).words
    for shown in ("mine", "epochs 3", "0, 1", "abc123", "torch 2.13.0", "About results.", "What is seen.", "T2 ·"):
        assert shown in words
    assert "<strong>85.00 ± 7.07</strong>" in page
    assert base64.b64encode(pages.PNG).decode() in page
    assert "Slowest run 1 h 00 min" in words
    assert "CE, SCL + CE, 1 with a changed setting" in words


def test_claims_stand_first_with_verdict_and_what_is_behind_it(page):
    assert page.index('id="claims"') < page.index('id="tables"') < page.index('id="figures"') < page.index('id="runs"')
    words = Page(page).words
    assert "1 confirmed, 1 not tested" in words
    assert "[51, 70] % (t)" in words
    assert "12 cells, 36 runs" in words
    assert 'id="claims"' not in pages.page(claims=[])


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


def test_every_exhibit_links_to_its_csv(page):
    links = Page(page).attributes("href")
    assert {"tables/corpora.csv", "tables/integrated.csv", "figures/learning_curves.csv"} <= set(links)


def test_page_says_what_it_stands_on_where_runs_are_missing():
    runs = pages.small_runs()
    coverage = pages.coverage_of(runs)
    coverage.loc[1, "finished"] = False  # ce, seed 1
    words = Page(pages.page(runs[coverage["finished"]], coverage=coverage)).words
    assert "Stands on 3 of 4 planned runs, 0 to 1 of 1 to 2 seeds a cell." not in words
    assert "Stands on 3 of 4 planned runs, 1 of 1 to 2 seeds a cell." in words
    assert "MR, MiniLM-L6, CE 1" in words
    assert "Partial." not in Page(pages.page(runs)).words


def test_what_all_runs_share_is_told_once_and_what_none_has_not_at_all():
    found = details(pages.small_runs())
    headers = [column.header for column in found.columns]
    assert found.shared["Device"] == "cpu"
    assert "Device" not in headers
    assert "Margin" not in headers
    assert found.choices == {"Objective": ["CE", "SCL + CE", "G-Loss-O + CE (γ = 0.5)"], "Seed": ["0", "1"]}
    times = [row[headers.index("Time")] for row in found.rows]
    assert [(cell.text, cell.value) for cell in times] == [
        ("30.0 s", 30.0), ("1 h 00 min", 3600.0), ("1 min 40 s", 100.0), ("–", None),
    ]  # fmt: skip


def test_runs_collected_before_a_column_was_known_are_shown_without_it():
    few = ["corpus", "encoder", "objective", "protocol", "preset", "seed", "test_accuracy", "test_macro_f1",
           "test_macro_silhouette", "total_seconds", "seconds_per_epoch", "docs_per_second", "peak_memory_mib",
           "stop_epoch", "device"]  # fmt: skip
    assert "Test accuracy" in Page(pages.page(pages.small_runs()[few])).words


def test_provenance_names_the_machines_and_seeds_of_the_runs():
    told = machines(pages.small_runs().assign(device=["cuda", "cpu", "cpu", "cpu"]))
    assert told["devices"] == "cpu, cuda"
    assert told["seeds"] == "0, 1"
    assert told["time"] == "1 h 02 min"  # 3730 s


def test_exhibits_are_read_from_their_files_in_the_order_asked_for(tmp_path):
    for name, content in {
        "figures/sigma.png": "png",
        "figures/sigma.txt": "As it stands.\n",
        "tables/glue.html": "<t>",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    entries = [
        {"key": "sigma", "kind": "figure", "title": "S", "paper": "F4", "caption": "In general.", "module": "ignored"},
        {"key": "glue", "kind": "table", "title": "G", "paper": None, "caption": "In general."},
    ]
    figure, table = shown_exhibits(
        json.loads(json.dumps(entries)), [tmp_path / "tables/glue.html", tmp_path / "figures/sigma.png"]
    )
    assert (figure.caption, figure.content, figure.heading) == ("As it stands.", b"png", "F4 · S")
    assert (table.caption, table.content, table.heading) == ("In general.", "<t>", "G")


def test_a_thousand_runs_make_a_page_of_reasonable_size():
    runs = pages.many_runs(100)
    page = pages.page(runs, corpora=frames.corpora("mr", "r8"))
    assert page.count("<tr") > 1000
    assert len(page) < 1_000_000


@pytest.mark.parametrize("path", sorted((ROOT / "report").glob("*.rst")), ids=lambda path: path.stem)
def test_captions_are_text_that_snakemake_s_report_can_set(path):
    text = Environment(undefined=StrictUndefined).from_string(path.read_text(encoding="utf-8"))
    rendered = text.render(snakemake={"config": {"study": "mine"}})
    quiet = {"report_level": 1, "halt_level": 1, "warning_stream": False}
    assert publish_parts(rendered, writer="html", settings_overrides=quiet)["html_body"].count("<p>") >= 1


def test_every_exhibit_has_its_caption():
    assert {exhibit.key for exhibit in load_exhibits(ROOT / "config")} <= {
        path.stem for path in (ROOT / "report").glob("*.rst")
    }


IMPORTS = """
import sys
import glossbench.evidence.report.page
import glossbench.tools.verify
import glossbench.evidence.figures.learning_curves
import glossbench.evidence.figures.projections
foreign = {"torch", "transformers", "datasets", "snakemake", "glossbench.data", "glossbench.learning"}
assert foreign.isdisjoint(sys.modules), foreign & set(sys.modules)
"""


def test_evidence_knows_neither_data_nor_learning_nor_the_workflow():
    environment = {"PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", IMPORTS], check=True, env=environment)
