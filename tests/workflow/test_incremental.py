"""What a change reruns: the least that is right, as docs/guarantees.md says, case by case, on a finished study."""

import os
import re

import pytest
import yaml

from tests.support.studies import FIGURES, OBJECTIVES, ROOT, TABLES, TINY, copied_workflow, digests, planned, snakemake

REPORT = {"report": 1, "all": 1}
DRAWN = {**{f"figure_{name}": 1 for name in FIGURES}, **REPORT}
COLLECTED = {"collect": 1, **{f"table_{name}": 1 for name in TABLES}, **DRAWN, "claims": 1, "significance": 1}
RUNS = len(OBJECTIVES) - 2  # but for the untuned objectives


@pytest.fixture
def copy(tmp_path):
    """A copy of the workflow that a test may edit."""
    return copied_workflow(tmp_path)


def edit(path, old, new):
    text = path.read_text()
    assert old in text, f"{path} no longer holds {old!r}"
    path.write_text(text.replace(old, new, 1))


def trained(runs, snapshots=0, projected=True):
    """Jobs that follow from so many runs trained anew, one of them with snapshots."""
    jobs = {"train": runs, "evaluate": runs + snapshots, **COLLECTED}
    jobs |= {"train_with_snapshots": 1} if snapshots else {}
    return {**jobs, "project_embeddings": 1} if projected else jobs


# Edits of files of the workflow, together where they reach different jobs, and the jobs that they rerun.
EDITS = {
    "graph.py": (
        [("scripts/glossbench/graph.py", "SOLVE_HEADROOM = 1e6", "SOLVE_HEADROOM = 1e7")],
        {**trained(6, snapshots=1), "estimate_sigma": 1, "tune": 1},
    ),
    "an untuned objective": (
        [("scripts/glossbench/learning/untuned/tfidf.py", "FEWEST_DOCUMENTS = 2", "FEWEST_DOCUMENTS = 3")],
        {"classify_untuned": 1, **COLLECTED},
    ),
    "a loss": ([("scripts/glossbench/losses/supcon.py", "rows * 0).sum()", "rows * 0).mean()")], trained(1)),
    "an objective's sigma": (
        [("config/objectives.yaml", "loss: gloss\n  settings: {sigma: 0.5", "loss: gloss\n  settings: {sigma: 0.6")],
        trained(1, projected=False),
    ),
    "a search space": (
        [("config/presets.yaml", "sigma: {low: 0.1, high: 10, log: true}", "sigma: {low: 0.1, high: 5, log: true}")],
        {"tune": 1, **trained(4, projected=False)},
    ),
    "a plot's colour": ([("scripts/glossbench/evidence/figures/style.py", "#0072B2", "#0072B3")], DRAWN),
    "what only the report shows": (
        [
            ("scripts/glossbench/graph.py", "SOLVE_HEADROOM =", "# how far\nSOLVE_HEADROOM ="),
            ("scripts/glossbench/evidence/report/templates/report.html.j2", "<h2", "<h2 "),
            ("config/outputs.yaml", "title: Corpora", "title: Collections"),
            ("config/objectives.yaml", "{weight: 0.7, sigma: 0.5", "{weight: 0.7, sigma: 0.6"),  # which is searched
        ],
        REPORT,
    ),
    "one table, one figure and a claim's words": (
        [
            ("scripts/glossbench/evidence/tables/deduplicated.py", "\nimport ", "\nMORE = 1\nimport "),
            ("report/sigma.rst", ".", " here."),
            ("config/claims.yaml", "is the most accurate", "is by far the most accurate"),
        ],
        {"table_deduplicated": 1, "figure_sigma": 1, "claims": 1, **REPORT},
    ),
    "the tests between objectives": (
        [("scripts/glossbench/evidence/statistics/significance.py", "\nimport ", "\nMORE = 1\nimport ")],
        {"significance": 1, "all": 1},
    ),
    "the words of verdicts": (
        [("scripts/glossbench/evidence/claims/wording.py", "\nimport ", "\nMORE = 1\nimport ")],
        {"claims": 1, **REPORT},
    ),
    "a published number": (
        [("config/published/published_glue.csv", "91.20", "91.21")],
        {"claims": 1, "significance": 1, **REPORT},
    ),
    "a corpus's title": (
        [("config/corpora.yaml", "title: BBC News", "title: BBC")],
        {"describe_corpus": 1, "project_embeddings": 1, **COLLECTED},
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("change", EDITS)
def test_an_edit_reruns_what_depends_on_it(finished, copy, change):
    edits, expected = EDITS[change]
    for path, old, new in edits:
        edit(copy / path, old, new)
    assert planned(finished, root=copy, study=copy / "config" / "tiny.yaml") == expected


ARGUMENTS = {
    "a new seed": (["seeds=[0,1]"], trained(RUNS, projected=False)),
    "the probe": (["probe={max_iter: 50}"], {"evaluate": RUNS, "classify_untuned": 2, **COLLECTED}),
    "the threads of torch": (
        ["torch_threads=2"],
        {**trained(RUNS - 1, snapshots=1), "classify_untuned": 1, "tune": 1, "encode_frozen": 1, "estimate_sigma": 1},
    ),
    "more trials": (
        ["tuning={objectives: [gloss-o-ce], trials: 4, epochs: 1}"],
        {"tune": 1, **trained(4, projected=False)},
    ),
    "a mirror, the longest time of a job, seeds in one job": ([f"mirror={ROOT}", "max_runtime=1", "seeds_per_job=3"], {}),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("change", ARGUMENTS)
def test_a_setting_reruns_what_depends_on_it(finished, change):
    arguments, expected = ARGUMENTS[change]
    # settings are shown in the report, and its provenance
    assert {**planned(finished, "--config", *arguments), **REPORT} == {**expected, **REPORT}


@pytest.mark.slow
def test_a_new_objective_trains_its_own_runs_alone(finished, tmp_path):
    settings = yaml.safe_load(TINY.read_text())
    settings["grid"][0]["objectives"].append("scl-ce")
    study = tmp_path / "tiny.yaml"
    study.write_text(yaml.safe_dump(settings))
    assert planned(finished, study=study) == trained(1, projected=False)


@pytest.mark.slow
def test_cores_another_spelling_of_the_study_and_time_stamps_of_small_files_rerun_nothing(
    finished, copied, copy, tmp_path
):
    settings = yaml.safe_load(TINY.read_text())
    spelled = {**dict(reversed(settings.items())), "max_length": 16.0}
    spelled["training"] = {**dict(reversed(settings["training"].items())), "batch_size": 20.0, "learning_rate": "1e-3"}
    study = tmp_path / "tiny.yaml"
    study.write_text(yaml.safe_dump(spelled, sort_keys=False))
    folder = copied(finished)  # other workers copy the finished study, time stamps and all, at any moment
    cell = "bbc-news/minilm-l6"
    names = ["corpora/bbc-news/card.json", f"sigma/{cell}.json", f"runs/{cell}/ce/seed-0/metrics.json"]
    names.append(f"frozen/{cell}.safetensors")  # above Snakemake's own limit of 1 MB
    for name in names:
        os.utime(folder / "results" / "tiny" / name)
    assert planned(folder, root=copy, study=study, cores=1) == {}


@pytest.mark.slow
def test_a_job_whose_inputs_only_have_newer_time_stamps_gives_back_what_it_had_trained(finished, copied):
    folder = copied(finished)  # not cp -a
    run = folder / "results/tiny/runs/bbc-news/minilm-l6/ce/seed-0"
    expected = digests(run)
    os.utime(folder / "results/tiny/tokens/bbc-news/minilm-l6/.snakemake_timestamp")
    process = snakemake(folder, str(run.relative_to(folder) / "metrics.json"))
    assert process.returncode == 0, process.stdout + process.stderr
    assert re.search(r"^train +1$", process.stdout + process.stderr, re.MULTILINE)
    log = folder / "results/tiny/logs/train/bbc-news/minilm-l6/ce/seed-0.log"
    assert "seed 0 is finished already" in log.read_text()
    assert digests(run) == expected


@pytest.mark.slow
def test_a_new_corpus_trains_its_own_runs_alone(finished):
    jobs = planned(finished, "--config", "corpora=[bbc-news,mr]")
    assert (jobs["train"] + jobs["train_with_snapshots"], jobs["evaluate"], jobs["prepare_corpus"]) == (RUNS, RUNS, 1)
    assert jobs["classify_untuned"] == 2


@pytest.mark.slow
def test_a_new_time_stamp_of_a_file_of_50_mb_reruns_nothing(tmp_path):
    (tmp_path / "Snakefile").write_text('rule all:\n    input: "large"\n    output: "made"\n    shell: "touch made"\n')
    with (tmp_path / "large").open("wb") as file:
        file.truncate(50 * 2**20)
    arguments = ["--workflow-profile", ROOT / "profiles" / "default"]
    assert snakemake(tmp_path, *arguments, root=tmp_path, study=None).returncode == 0
    os.utime(tmp_path / "large")
    assert planned(tmp_path, *arguments, root=tmp_path, study=None) == {}
    with (tmp_path / "large").open("r+b") as file:
        file.write(b"1")
    assert planned(tmp_path, *arguments, root=tmp_path, study=None) == {"all": 1}
