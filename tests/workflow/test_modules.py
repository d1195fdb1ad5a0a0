"""The workflow inside another one: as a module from a folder, with a prefix, and as snakedeploy deploys it."""

import json
import re
import shutil

import pytest
import yaml

from tests.support.repository import git
from tests.support.studies import ROOT, copied_workflow, run_snakemake, skip_without_network, small

SMALLEST = {
    "objectives": ["ce"],
    "encoder": {"layers": 2},
    "training": {"batch_size": 20, "epochs": 1, "learning_rate": 1.0e-3},
}
# What snakedeploy 0.17 writes to workflow/Snakefile for a repository on GitHub.
DEPLOYED = """\
from snakemake.utils import min_version


min_version("6.10.0")


configfile: "config/config.yaml"


# declare https://github.com/someone/glossbench as a module
module glossbench:
    snakefile:
        github("someone/glossbench", path="workflow/Snakefile", tag="v1")
    config:
        config


# use all rules from https://github.com/someone/glossbench
use rule * from glossbench
"""
# A workflow with rules, names and a configuration of its own, which keeps the study's files in a folder of theirs.
IMPORTER = f"""\
configfile: "mine.yaml"


module losses:
    snakefile:
        "{ROOT}/Snakefile"
    config:
        config["losses"]
    prefix:
        "below/here"


use rule * from losses as gloss_*


rule count:
    default_target: True
    input:
        rules.gloss_all.input,
        runs="below/here/results/within/runs.parquet",
    output:
        "count.txt",
    shell:
        "wc -c < {{input.runs}} > {{output}}"
"""


@pytest.fixture
def project(tmp_path):
    """A folder with this workflow's profile, as the page says, and the repository's downloads where they are named."""
    shutil.copytree(ROOT / "profiles" / "default", tmp_path / "profiles" / "default")

    def make(snakefile, resources=None):
        (tmp_path / "workflow").mkdir()
        (tmp_path / "workflow" / "Snakefile").write_text(snakefile)
        if resources is not None:
            (ROOT / "resources").mkdir(exist_ok=True)
            (tmp_path / resources).mkdir(parents=True, exist_ok=True)
            (tmp_path / resources / "resources").symlink_to(ROOT / "resources")
        return tmp_path

    return make


def snakemake(folder, *arguments, **environment):
    """Run Snakemake in the folder of a project, without naming a Snakefile or a configuration."""
    process = run_snakemake(folder, "--cores", 2, *arguments, **environment)
    skip_without_network(process)
    return process


def done(process):
    """The output of a Snakemake that succeeded."""
    assert process.returncode == 0, process.stdout + process.stderr
    return process.stdout + process.stderr


def finished_rules(output):
    return set(re.findall(r"Finished jobid: \d+ \(Rule: (\w+)\)", output))


@pytest.mark.slow
@pytest.mark.timeout(1200)  # whole studies, beside other tests
def test_with_a_prefix_and_names_of_its_own_a_study_runs_to_its_report_below_the_prefix(project, tmp_path):
    folder = project(IMPORTER, resources="below/here")
    study = yaml.safe_load(
        small(
            tmp_path / "within.yaml",
            objectives=["gloss-sqrt-ce"],
            tuning={"objectives": ["gloss-sqrt-ce"], "trials": 1, "epochs": 1},
            projection={"objectives": ["gloss-sqrt-ce"], "perplexity": 5},
            snapshots={"objectives": ["gloss-sqrt-ce"]},
        ).read_text()
    )
    (folder / "mine.yaml").write_text(yaml.safe_dump({"samples": "mine", "losses": study}))
    before = set(folder.rglob("*"))
    assert "gloss_train_with_snapshots" in finished_rules(done(snakemake(folder)))
    results = folder / "below/here/results/within"
    assert (folder / "count.txt").read_text().split() == [str((results / "runs.parquet").stat().st_size)]
    assert "<html" in (results / "report.html").read_text()
    outside = {path for path in set(folder.rglob("*")) - before if (folder / "below") not in path.parents}
    assert {path.relative_to(folder).parts[0] for path in outside} <= {".snakemake", "count.txt"}
    assert (results / ".state/tuning").is_dir()
    assert "Nothing to be done" in done(snakemake(folder, "-n"))
    # what is finished is found below the prefix as well
    frames = [f"below/here/results/within/partial/{name}.parquet" for name in ("runs", "projections")]
    partial = finished_rules(done(snakemake(folder, *frames)))
    assert partial == {"gloss_collect", "gloss_project_embeddings"}
    assert (folder / frames[0]).read_bytes() == (results / "runs.parquet").read_bytes()


@pytest.mark.slow
@pytest.mark.timeout(1200)  # whole studies, beside other tests
def test_what_snakedeploy_writes_runs_to_its_report_from_github_and_then_from_a_folder(project, tmp_path):
    """GitHub is a bare clone in Snakemake's cache, as Snakemake itself makes one."""
    folder, cache = project(DEPLOYED, resources="."), tmp_path / "cache"
    clone = cache / "snakemake/snakemake/source-cache/snakemake-git-cache/github.com/someone/glossbench"
    copy = copied_workflow(tmp_path / "copy")
    for command in ("init -q", "add .", "commit -q -m all", "tag v1"):
        git(copy, *command.split())
    git(copy, "clone", "-q", "--bare", ".", str(clone))
    shutil.copytree(ROOT / "config", folder / "config")
    small(folder / "config" / "config.yaml", study="deployed", **SMALLEST)
    # a copy that somebody installed once is not what the rules and the jobs import
    other = tmp_path / "other" / "glossbench"
    other.mkdir(parents=True)
    (other / "__init__.py").write_text("raise ImportError('another copy of the package')")
    environment = {"XDG_CACHE_HOME": str(cache), "PYTHONPATH": str(other.parent)}

    assert "train" in finished_rules(done(snakemake(folder, **environment)))
    results = folder / "results" / "deployed"
    assert "<html" in (results / "report.html").read_text()
    assert json.loads((results / "provenance.json").read_text())["commit"] == git(copy, "rev-parse", "v1").strip()
    assert "Nothing to be done" in done(snakemake(folder, "-n", **environment))

    # The same study from a folder trains nothing again.
    path = folder / "workflow" / "Snakefile"
    path.write_text(re.sub(r"github\(.*\)", f'"{ROOT}/Snakefile"', path.read_text()))
    (results / "report.html").unlink()
    again = finished_rules(done(snakemake(folder)))
    assert "report" in again
    assert not {"prepare_corpus", "tokenize_corpus", "train", "evaluate", "collect"} & again
    assert "<html" in (results / "report.html").read_text()


def test_without_a_configuration_the_module_is_the_default_study(project):
    folder = project(f'module losses:\n    snakefile: "{ROOT}/Snakefile"\n\n\nuse rule * from losses\n')
    listed = done(snakemake(folder, "-n", "results/quick/runs.parquet"))
    assert "train_seeds_0_1" in listed


def test_wrong_settings_end_in_one_line_that_says_where_they_are(project):
    folder = project(IMPORTER)
    study = "{study: a, corpora: [bbc-new], encoders: [minilm-l6], objectives: [ce], seeds: [0]}"
    (folder / "mine.yaml").write_text(f"losses: {study}")
    process = snakemake(folder, "-n")
    assert process.returncode != 0
    line = 'glossbench: config of the module losses: corpora[0]: unknown "bbc-new"; did you mean "bbc-news"?'
    assert line in process.stderr
    assert "Traceback" not in process.stderr
    folder.joinpath("workflow/Snakefile").write_text(IMPORTER.replace('config["losses"]', "config"))
    (folder / "mine.yaml").write_text("study: a\ncorpora: [bbc-news]\nencoders: [minilm-l6]\nseeds: [010]")
    process = snakemake(folder, "-n")
    assert "glossbench: mine.yaml: line 4: seeds[0]: 010 found" in process.stderr


def own_data(folder):
    """Put the example of a user's corpus into a folder; returns a study of it."""
    shutil.copytree(ROOT / "examples" / "own-data", folder / "examples" / "own-data")
    return {**yaml.safe_load((ROOT / "config/own-data.yaml").read_text()), "encoders": ["minilm-l6"]}


def test_files_of_your_own_are_found_where_they_are_not_below_the_prefix(project):
    folder = project(IMPORTER)
    settings = own_data(folder)
    (folder / "mine.yaml").write_text(yaml.safe_dump({"losses": settings}))
    manifest = "below/here/resources/corpora/my-corpus/SHA256SUMS"
    assert finished_rules(done(snakemake(folder, manifest))) == {"gloss_fetch_corpus"}
    assert (folder / manifest).is_file()
    (folder / "examples/own-data/sentences.csv").write_text("changed")
    assert "gloss_fetch_corpus" in done(snakemake(folder, "-n", manifest))


def test_two_studies_are_two_modules(project):
    """Each has its own rules, settings and folder, in one workflow."""
    second = IMPORTER.split("rule count")[0].partition("\n\n\n")[2]
    second = second.replace("losses", "others").replace("gloss_", "second_")
    folder = project(IMPORTER + "\n\n" + second.replace("below/here", "elsewhere"))
    settings = own_data(folder)
    both = {"losses": {**settings, "study": "within"}, "others": {**settings, "study": "other", "seeds": [5, 6]}}
    (folder / "mine.yaml").write_text(yaml.safe_dump(both))
    targets = ["below/here/results/within/runs.parquet", "elsewhere/results/other/runs.parquet"]
    listed = done(snakemake(folder, "-n", *targets))
    counts = dict(re.findall(r"^(gloss_train|second_train) +(\d+)$", listed, re.MULTILINE))
    assert counts == {"gloss_train": "3", "second_train": "6"}


def test_the_example_of_the_page_is_a_workflow(project):
    page = (ROOT / "docs/running.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(configfile.*?)```", page, re.DOTALL)
    folder = project(example.replace("../glossbench/Snakefile", f"{ROOT}/Snakefile"))
    settings = own_data(folder)
    (folder / "config.yaml").write_text(yaml.safe_dump({"glossbench": {**settings, "study": "mine"}}))
    (folder / "workflow/summarise.py").touch()
    listed = done(snakemake(folder, "-n", "summary.txt"))
    rules = re.findall(r"^(\w+) +\d+$", listed, re.MULTILINE)
    assert {"glossbench_train", "glossbench_collect", "summary"} <= set(rules)


def test_a_replaced_prefix_is_refused(project):
    folder = project(IMPORTER.replace('prefix:\n        "below/here"', 'replace_prefix:\n        {"results/": "own/"}'))
    losses = yaml.safe_load((ROOT / "config/tiny.yaml").read_text())
    (folder / "mine.yaml").write_text(yaml.safe_dump({"losses": losses}))
    process = snakemake(folder, "-n")
    assert "glossbench: replace_prefix is not supported in the module statement; prefix is" in process.stderr
    assert "Traceback" not in process.stderr
