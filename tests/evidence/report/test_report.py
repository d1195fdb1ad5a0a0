"""The report: complete, escaped, and in need of nothing beside itself."""

import base64
import hashlib
import json
import math
import os
import re
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from docutils.core import publish_parts
from glossbench.evidence.report.overview import costs_in_all, costs_table
from glossbench.evidence.report.page import machines, shown_outputs
from glossbench.evidence.report.runs_table import runs_table
from jinja2 import Environment, StrictUndefined

from tests.support.html_page import Page
from tests.support.made_up import corpora, coverage, epochs, runs
from tests.support.registered import OUTPUTS, ROOT
from tests.support.report_pages import PNG, claim, many_runs, page, shown, small_runs, study


@pytest.fixture(scope="module")
def html() -> str:
    return page()


@pytest.fixture(scope="module")
def parsed(html) -> Page:
    return Page(html)


def test_page_refers_to_nothing_outside_its_study(html, parsed):
    places = parsed.attributes("src") + parsed.attributes("href")
    assert places
    for place in places:
        assert re.match(r"data:(image/png;base64,|,$)|#|(tables|figures)/|[a-z]+\.(parquet|json|md|csv)$", place)
    assert "url(" not in html
    assert "@import" not in html


def test_browser_is_told_to_run_the_page_s_own_script_and_no_other(html, parsed):
    (policy,) = [tag["content"] for _, tag in parsed.tags if tag.get("http-equiv") == "Content-Security-Policy"]
    (script,) = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'")
    assert not [name for _, tag in parsed.tags for name in tag if name.startswith("on")]


def test_page_shows_study_settings_provenance_tables_figures_and_runs(html, parsed):
    for words in ("mine", "epochs 3", "0, 1", "abc123", "torch 2.13.0", "About results.", "What is seen.", "T2 ·"):
        assert words in parsed.words
    assert "<strong>85.00 ± 7.07</strong>" in html
    assert base64.b64encode(PNG).decode() in html
    assert "Slowest run 1 h 00 min" in parsed.words
    assert "CE, SCL + CE, 1 with a changed setting" in parsed.words


def test_page_says_which_runs_are_of_other_code_and_on_which_machines_and_beside_what_they_ran():
    runs, provenance = small_runs(), {"commit": "abc", "numerics": 2}
    assert "Commits" not in Page(page(runs.assign(commit="abc", numerics=2), provenance=provenance)).words
    old = {"commit": ["abc", "abc", "old", "unknown"], "numerics": [2, 2, 2, 1]}
    machine = {
        "processor": ["EPYC", "EPYC", None, "Xeon"],
        "cores": [2, 2, math.nan, 8],
        "load": [0, 1.25, math.nan, 0],
    }
    words = Page(page(runs.assign(device="cpu", **old, **machine), provenance=provenance)).words
    assert "Commits 2 of 4 runs are of other commits than this report: old (1), unknown (1)" in words
    assert "Numerics 1 of 4 runs are of code that gives other numbers (numerics 1, here 2)." in words
    assert "Devices cpu, cpu (EPYC, 2 cores), cpu (Xeon, 8 cores)" in words
    assert "Other cores busy" in words
    assert "1.3" in words


def test_scores_stand_first_then_the_claims_with_verdict_and_what_is_behind_it(html, parsed):
    places = [html.index(f'id="{place}"') for place in ("scores", "claims", "tables", "figures", "runs")]
    assert places == sorted(places)
    assert "1 confirmed, 1 not tested" in parsed.words
    assert "[51, 70] % (t)" in parsed.words
    assert "9 of 12 cells, 3 seeds, 0 censored; 36 runs" in parsed.words
    assert "undecided: two rows." in parsed.words
    assert 'id="claims"' not in page(claims=[])


def test_scores_of_all_objectives_have_students_interval_and_one_run_has_none(html):
    """CE: 90 and 80 %; with one degree of freedom t is the tangent of 0.475 pi, so the interval reaches beyond 100."""
    half = math.tan(0.475 * math.pi) * 5
    section = Page(section_of(html, "scores")).words
    assert f"CE 85.00 [{85 - half:.2f}, 100.00] 75.00 [{75 - half:.2f}, 100.00] 2" in section
    assert "SCL + CE 70.00 60.00 1" in section
    assert "γ = 0.5" not in section


def test_picture_is_shown_with_the_scores_and_not_again_among_the_figures():
    made_from = study(small_runs())
    audit, table, figure = shown(made_from)
    html = page(made_from=made_from, shown=[audit, table, figure, replace(figure, key="headline", title="At a glance")])
    assert html.index('id="scores"') < html.index('id="figure-headline"') < html.index('id="tables"')
    assert html.count("At a glance") == section_of(html, "scores").count("At a glance") > 0


def test_claims_that_were_not_tested_are_folded_below_the_others_with_what_they_need(html):
    section = section_of(html, "claims")
    tested, folded = section.split('<details class="untested">')
    assert "Claim C1." in tested
    assert "What C2 needs." not in tested
    assert "Claim C2." in folded
    assert "What C2 needs." in folded
    shown = Page(f"<details>{folded.split('</details>')[0]}</details>")
    assert "1 not tested, with what each would need" in shown.words
    alone = section_of(page(claims=[claim("C2", "not tested", scope=None, n=0)]), "claims")
    assert "What C2 needs." in alone
    assert "<ol" not in alone


def section_of(html: str, place: str) -> str:
    """The section of a page with this id."""
    return re.search(rf'<section id="{place}">.*?</section>', html, re.DOTALL)[0]


def test_page_can_be_walked_by_its_links_and_heard(parsed):
    identifiers = parsed.attributes("id")
    assert len(identifiers) == len(set(identifiers))
    for place in parsed.attributes("href"):
        assert not place.startswith("#") or place[1:] in identifiers
    images = [attributes for tag, attributes in parsed.tags if tag == "img"]
    assert [image["alt"] for image in images] == ["What is seen"]
    assert [tag for tag, _ in parsed.tags].count("h1") == 1
    assert ("html", {"lang": "en"}) in parsed.tags
    links = {file for one in shown(study(small_runs())) for file in one.files}
    assert {"tables/corpora.csv", "tables/integrated.tex", "figures/learning_curves.pdf"} <= links
    assert links <= set(parsed.attributes("href"))


def test_page_says_what_it_stands_on_where_runs_are_missing():
    made = small_runs()
    planned = coverage(made, [True, False, True, True])  # without ce, seed 1
    words = Page(page(made_from=study(made[planned["finished"]], coverage=planned))).words
    assert "Made from 3 of 4 planned runs, 0 to 1 of 1 to 2 seeds per cell." not in words
    assert "Made from 3 of 4 planned runs, 1 of 1 to 2 seeds per cell." in words
    assert "MR, MiniLM-L6, CE 1" in words
    assert "Partial." not in Page(page(made)).words


def test_what_all_runs_share_is_told_once_and_what_none_has_not_at_all():
    found = runs_table(small_runs())
    headers = [header for _, header, _ in found["columns"]]
    assert found["shared"]["Device"] == "cpu"
    assert not {"Device", "Margin"} & set(headers)
    assert found["choices"] == {"Objective": ["CE", "SCL + CE", "G-Loss-O + CE (γ = 0.5)"], "Seed": ["0", "1"]}
    times = [row[headers.index("Time")] for row in found["rows"]]
    assert times == [("30.0 s", 30.0), ("1 h 00 min", 3600.0), ("1 min 40 s", 100.0), ("–", None)]


def test_costs_are_summed_over_runs_and_the_slowest_is_named():
    scores = {("mr", "minilm-l6", "ce"): [0.9, 0.9], ("mr", "minilm-l6", "scl"): [0.8]}
    made = runs(
        scores, total_seconds=[3600.0, 60.0, 12.34], stop_epoch=[2, 3, 5],
        tokens_per_second=[1000.0, 3000.0, 5.0],
    )  # fmt: skip
    cells = costs_table(made).cells
    columns = ["Runs", "Total time", "Mean last epoch"]
    assert cells.loc[("MiniLM-L6", "CE"), columns].to_list() == ["2", "1 h 01 min", "2.5"]
    assert cells.loc[("MiniLM-L6", "CE"), "Mean tokens/s"] == "2,000"
    assert cells.loc[("MiniLM-L6", "SCL"), "Total time"] == "12.3 s"
    assert costs_in_all(made)["Slowest run"] == "1 h 00 min (CE on MR with MiniLM-L6, seed 0)"


def test_provenance_names_the_machines_and_seeds_of_the_runs():
    found = machines(small_runs().assign(device=["cuda", "cpu", "cpu", "cpu"]))
    assert found["devices"] == "cpu, cuda"
    assert found["seeds"] == "0, 1"
    assert found["time"] == "1 h 02 min"  # 3730 s


def test_provenance_is_also_given_as_json():
    made_from = study(small_runs())
    found = made_from.report({"study": "mine"}, {"commit": "abc123"}, shown(made_from), "[]")
    assert json.loads(found["json"]) == {"study": "mine", "commit": "abc123", "runs": machines(small_runs())}


def test_tables_and_figures_are_read_from_their_files_in_the_order_asked_for(tmp_path):
    for name, content in {
        "figures/sigma.png": "png",
        "figures/sigma.txt": "As it stands.\n",
        "tables/glue.html": "<t>",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    outputs = {output.key: output.for_report() | {"caption": "In general."} for output in OUTPUTS}
    asked = json.loads(json.dumps([outputs["sigma"], outputs["glue"]]))
    figure, table = shown_outputs(asked, [tmp_path / "tables/glue.html", tmp_path / "figures/sigma.png"])
    assert (figure.caption, figure.content, figure.title) == ("As it stands.", b"png", "Multiples of sigma")
    assert (table.caption, table.content, table.title) == ("In general.", "<t>", "Larger corpora")
    assert figure.files == ("figures/sigma.csv", "figures/sigma.pdf", "figures/sigma.png")
    assert table.files == ("tables/glue.csv", "tables/glue.md", "tables/glue.tex")


def test_a_thousand_runs_make_a_page_of_reasonable_size():
    html = page(made_from=study(many_runs(100), corpora=corpora("mr", "r8")))
    assert html.count("<tr") > 1000
    assert len(html) < 1_000_000


@pytest.mark.parametrize("path", sorted((ROOT / "report").glob("*.rst")), ids=lambda path: path.stem)
def test_captions_are_text_that_snakemake_s_report_can_set(path):
    text = Environment(undefined=StrictUndefined).from_string(path.read_text(encoding="utf-8"))
    rendered = text.render(snakemake={"config": {"study": "mine"}, "params": {"caption": "A caption."}})
    quiet = {"report_level": 1, "halt_level": 1, "warning_stream": False}
    assert publish_parts(rendered, writer="html", settings_overrides=quiet)["html_body"].count("<p>") >= 1


IMPORTS = """
import sys
import {modules}
foreign = {foreign}
assert foreign.isdisjoint(sys.modules), foreign & set(sys.modules)
"""
LARGE = {"torch", "transformers", "datasets", "snakemake", "glossbench.learning"}
EVIDENCE = [f"glossbench.evidence.{name}" for name in ("report.page", "figures.learning_curves", "figures.projections")]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("modules", "foreign"),
    [(EVIDENCE, LARGE | {"glossbench.data"}), (["glossbench.archives.verifying"], LARGE - {"glossbench.learning"})],
)
def test_evidence_knows_neither_data_nor_learning_nor_the_workflow(modules, foreign):
    """Verifying an archive knows the registries' digests of data as well, and collects its runs."""
    code = IMPORTS.format(modules=", ".join(modules), foreign=foreign)
    environment = {"PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)


def test_runs_whose_graph_said_little_up_to_the_best_epoch_are_named():
    made = runs({("mr", "minilm-l6", "gloss-o-ce"): [0.9, 0.8, 0.7], ("mr", "minilm-l6", "gloss-o"): [0.6]})
    scores, told = [[0.1, 0.5, 0.2]] * 4, {}  # the best epoch is the second
    told["gradient_share_metric"] = [0.01, 0.04, 0.5, 0.01, 0.06, 0.01, 0.9, 0.9, 0.01, *[np.nan] * 3]
    told["sigma_over_median"] = [0.4] * 6 + [1.2, 0.9, 1.2] + [1.1, 1.3, 0.2]
    made_from = study(made, epochs=epochs(made, scores, **told))
    section = Page(section_of(page(made_from=made_from), "scores")).words
    assert "these runs are cross-entropy. Seeds MR, MiniLM-L6, G-Loss-O + CE 0 " in section
    assert "no width of a graph. Seeds MR, MiniLM-L6, G-Loss-O 0" in section
    assert "Note." not in Page(page(made_from=study(made, epochs=epochs(made, scores)))).words
