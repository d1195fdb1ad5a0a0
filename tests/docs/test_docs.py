"""What the pages say holds: links, README's study and loss, arguments of the loss, the catalogue's folder, numbers."""

import inspect
import math
import re
import subprocess
import sys

import pytest
import torch
import yaml
from glossbench import GLoss
from glossbench.commands.plan import plan, published_speed
from glossbench.paper import published_costs, read_facts
from glossbench.settings.study import load_study
from glossbench.settings.yaml_file import read_yaml

from tests.support import markdown_tables
from tests.support.registered import ROOT
from tests.support.studies import planned

PUBLISHED = ROOT / "config" / "published"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
FOLDERS = ("config", "examples", "results")
OTHERS = [ROOT / "REPRODUCING.md", *sorted(page for name in FOLDERS for page in (ROOT / name).rglob("README.md"))]
CITED = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
README = (ROOT / "README.md").read_text(encoding="utf-8")


def block(language):
    return re.search(rf"```{language}\n(.*?)```", README, re.DOTALL)[1]


@pytest.mark.parametrize("page", [*PAGES, *OTHERS], ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files(page):
    for target in re.findall(r"\]\((?!https?://)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_the_study_is_valid():
    study = load_study(yaml.safe_load(block("yaml")), "README.md", ROOT / "config")
    assert (study.corpora, len(study.runs)) == (["r8"], 9)


def test_the_loss_runs():
    given = {"model": torch.nn.Linear(4, 3), "tokens": torch.randn(8, 4), "labels": torch.arange(8) % 2}
    exec(block("python"), given)
    given["loss"].backward()
    assert given["model"].weight.grad.abs().sum() > 0


def test_every_target_of_make_exists():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for page in PAGES:
        named = set(re.findall(r"(?:^|`)make ([a-z-]+)", page.read_text(encoding="utf-8"), re.MULTILINE))
        assert named <= targets, page


def test_each_study_in_results_is_among_those_that_ran_here():
    studies = yaml.safe_load((ROOT / "config/costs.yaml").read_text())["studies"]
    kept = {path.parent.name for path in (ROOT / "results").glob("cpu*/*") if path.suffix in (".parquet", ".xz")}
    assert kept <= {name for name, study in studies.items() if study["run_here"]}


def test_minutes_of_the_default_study_are_those_measured():
    costs = yaml.safe_load((ROOT / "config/costs.yaml").read_text())["studies"]["quick"]
    minutes = int(re.search(r"the study (\d+)\b", README)[1])
    assert minutes == round(60 * costs["hours"])


def test_hours_of_the_core_study_are_those_of_its_plan():
    study = load_study(read_yaml(ROOT / "config/paper-core.yaml"), "core", ROOT / "config")
    costs = published_costs(PUBLISHED)
    facts = read_facts(PUBLISHED)
    hours = plan(study, published_speed(study, facts), costs, facts)["hours_at_most"].sum()
    assert int(re.search(r"at most\s+(\d+) hours", README)[1]) == math.ceil(hours)


def test_the_paper_is_cited_with_full_names_and_its_version():
    (paper,) = CITED["references"]
    assert all(len(author["given-names"].strip(".")) > 1 for author in paper["authors"])
    surnames = ", ".join(author["family-names"] for author in paper["authors"])
    assert surnames in " ".join(README.split())
    assert paper["identifiers"][0]["value"].endswith(paper["version"])
    assert paper["url"] == f"https://arxiv.org/abs/{paper['identifiers'][0]['value'].removeprefix('arXiv:')}"


def test_commands_of_the_page_on_performance_name_files_and_sizes_that_are_there():
    page = (ROOT / "docs/performance.md").read_text(encoding="utf-8")
    files = re.findall(r"\b(?:benchmarks|config)/[\w-]+\.(?:py|yaml)", page)
    assert [file for file in files if not (ROOT / file).exists()] == []
    command = [sys.executable, "-m", "glossbench", "plan", ROOT / "config" / "paper.yaml"]
    process = subprocess.run(command, cwd=ROOT / "scripts", capture_output=True, text=True, check=True)
    sizes = {round(float(size), 1) for size in re.findall(r"([\d.]+) GB", process.stdout)}
    shown = {float(size) for size in re.findall(r"\| ([\d.]+) GB \| `make plan", page)}
    assert shown
    assert shown <= sizes


def test_the_page_on_the_loss_has_every_argument():
    page = (ROOT / "docs/loss.md").read_text(encoding="utf-8")
    _, *rows = next(table for table in markdown_tables.tables(page) if table[0][0] == "argument")
    assert {row[0].strip("`") for row in rows} == set(inspect.signature(GLoss).parameters)


@pytest.mark.slow
def test_the_workflow_is_where_the_catalogue_looks_for_it(tmp_path):
    """The Snakemake workflow catalogue, which lists a repository with its instructions for use."""
    jobs = planned(tmp_path, root=ROOT / "workflow")
    assert jobs["all"] == 1
    assert jobs == planned(tmp_path, root=ROOT)
