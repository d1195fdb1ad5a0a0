"""What a change reruns: the least that is right. The README's table, case by case, on a finished study."""

import os
import shutil

import pytest
import yaml
from studies import OBJECTIVES, ROOT, TINY, planned

SHOWN = {"table_results": 1, "figure_learning_curves": 1, "report": 1, "all": 1}
COLLECTED = {"collect": 1, "table_corpora": 1, **SHOWN}
RUNS = len(OBJECTIVES)
GLOSS_RUNS = sum("gloss" in key for key in OBJECTIVES)


@pytest.fixture
def copy(tmp_path):
    """A copy of the workflow that a test may edit."""
    for name in ("rules", "scripts", "config", "envs", "report", "profiles"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "Snakefile", tmp_path)
    return tmp_path


def edit(path, old, new):
    text = path.read_text()
    assert old in text, f"{path} no longer holds {old!r}"
    path.write_text(text.replace(old, new, 1))


def trained(runs, projected=True):
    """Jobs that follow from so many runs trained anew."""
    jobs = {"train": runs, "evaluate": runs, **COLLECTED}
    return {**jobs, "project_embeddings": 1, "figure_projections": 1} if projected else jobs


EDITS = {
    "nothing": (None, {}),
    "a comment in graph.py": (
        ("scripts/glossbench/graph.py", "SOLVE_HEADROOM =", "# how far\nSOLVE_HEADROOM ="),
        {},
    ),
    "graph.py": (
        ("scripts/glossbench/graph.py", "SOLVE_HEADROOM = 1e6", "SOLVE_HEADROOM = 1e7"),
        {**trained(GLOSS_RUNS), "estimate_sigma": 1},
    ),
    "a loss": (
        ("scripts/glossbench/losses/supcon.py", "MeanReducer", "SumReducer"),
        trained(1),
    ),
    "an objective's sigma": (
        ("config/objectives.yaml", "loss: gloss\n  settings: {sigma: 0.5", "loss: gloss\n  settings: {sigma: 0.6"),
        trained(1, projected=False),
    ),
    "a plot's colour": (
        ("scripts/glossbench/evidence/figures/style.py", "#0072B2", "#0072B3"),
        {"figure_learning_curves": 1, "figure_projections": 1, "report": 1, "all": 1},
    ),
    "the module of a table": (
        ("scripts/glossbench/evidence/tables/results.py", "\nimport ", "\nMORE = 1\nimport "),
        {"table_results": 1, "report": 1, "all": 1},
    ),
    "the report's text": (
        ("scripts/glossbench/evidence/templates/report.html.j2", "<h2>", "<h2> "),
        {"report": 1, "all": 1},
    ),
    "a corpus's title": (
        ("config/corpora.yaml", "title: BBC News", "title: BBC"),
        {"describe_corpus": 1, "project_embeddings": 1, "figure_projections": 1, **COLLECTED},
    ),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("change", EDITS)
def test_an_edit_reruns_what_depends_on_it(finished, copy, change):
    made, expected = EDITS[change]
    if made:
        edit(copy / made[0], *made[1:])
    assert planned(finished, root=copy, study=copy / "config" / "tiny.yaml") == expected


ARGUMENTS = {
    "a new seed": (["--config", "seeds=[0,1]"], trained(RUNS, projected=False)),
    "a new objective": (["--config", f"objectives=[{','.join(OBJECTIVES)},scl-ce]"], trained(1, projected=False)),
    "another mirror root": (["--config", "mirror=/nowhere"], {}),
    "the probe": (["--config", "probe={max_iter: 50}"], {"evaluate": RUNS, **COLLECTED}),
}


@pytest.mark.slow
@pytest.mark.parametrize("change", ARGUMENTS)
def test_a_setting_reruns_what_depends_on_it(finished, change):
    arguments, expected = ARGUMENTS[change]
    jobs = planned(finished, *arguments)
    # settings are shown in the report, and its provenance
    assert {rule: count for rule, count in jobs.items() if rule != "report"} == {
        rule: count for rule, count in expected.items() if rule != "report"
    }


@pytest.mark.slow
def test_another_number_of_cores_and_another_spelling_of_the_study_rerun_nothing(finished, tmp_path):
    settings = yaml.safe_load(TINY.read_text())
    spelled = {**dict(reversed(settings.items())), "max_length": 16.0}
    spelled["training"] = {**dict(reversed(settings["training"].items())), "batch_size": 20.0, "learning_rate": "1e-3"}
    study = tmp_path / "tiny.yaml"
    study.write_text(yaml.safe_dump(spelled, sort_keys=False))
    assert planned(finished, study=study, cores=1) == {}


@pytest.mark.slow
def test_a_new_corpus_trains_its_own_runs_alone(finished):
    jobs = planned(finished, "--config", "corpora=[bbc-news,mr]")
    assert (jobs["train"], jobs["evaluate"], jobs["prepare_corpus"]) == (RUNS, RUNS, 1)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    ["corpora/bbc-news/card.json", "sigma/bbc-news/minilm-l6.json", "runs/bbc-news/minilm-l6/ce/seed-0/metrics.json"],
)
def test_a_file_that_is_touched_reruns_nothing(finished, name):
    path = finished / "results" / "tiny" / name
    before = path.stat()
    os.utime(path)
    try:
        assert planned(finished) == {}
    finally:
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
