"""Studies through a real SLURM, which the tests start on this machine. Its jobs have no network."""

import os
import re
import shutil
import subprocess
import time
from datetime import datetime

import pytest
import yaml
from glossbench.settings.resources import submission_name
from glossbench.settings.study import load_study

from tests.support.slurm_cluster import TEMPLATES, run, running_cluster
from tests.support.studies import ROOT, TINY, digests, glossbench_process, planned, small, snakemake, started
from tests.support.waiting import wait_until

PROFILE = ["--profile", ROOT / "profiles" / "slurm", "--slurm-init-seconds-before-status-checks", "2"]
PROFILE += ["--logger=glossbench"]  # Snakemake's own lines here, and nothing of it in the jobs
# the tiny study with a run of each kind of job, under its name
SETTINGS = {
    **yaml.safe_load(TINY.read_text()),
    "grid": [{"objectives": ["ce", "gloss-sqrt", "gloss-o-ce", "tfidf", "frozen"]}],
    "projection": {"objectives": ["gloss-sqrt"], "perplexity": 5},
}
PART = load_study(SETTINGS, "tiny.yaml", ROOT / "config")
TRAINED = [run for run in PART.runs if not PART.is_untuned(run.objective)]
FRAMES = [f"results/tiny/{name}.parquet" for name in ("runs", "projections")]


@pytest.fixture(scope="module")
def cluster():
    yield from running_cluster()


@pytest.fixture(scope="module", autouse=True)
def environment(cluster, tmp_path_factory):
    """Jobs inherit it: a srun that takes the network away, where that is permitted, and nothing of the user's SLURM."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [*filter(re.compile("SLURM_|SBATCH_|GLOSSBENCH_G").match, os.environ)]:
            patch.delenv(name)
        patch.setenv("PYTHONPATH", str(ROOT / "scripts"))
        if subprocess.run(["unshare", "--net", "true"], capture_output=True).returncode == 0:
            folder = tmp_path_factory.mktemp("bin")
            shutil.copy(TEMPLATES / "srun", folder)
            patch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
            patch.setenv("INTERFACES", str(cluster.interfaces))
        yield


def by_comment(jobs):
    """Jobs by what they make: the comment without the names of rules."""
    found = {}
    for job in jobs:
        text = re.sub(r"^rule_(?:\w+_wildcards_)?|_evaluate_train\w*$", "", job["Comment"])
        found.setdefault(text, []).append(job)
    return found


def overlapping(jobs):
    """The most jobs that ran at one time, to the second."""
    spans = [(job["StartTime"], job["EndTime"]) for job in jobs if job["StartTime"] not in ("Unknown", job["EndTime"])]
    return max(sum(start <= moment < end for start, end in spans) for moment, _ in spans)


# Interruptions: three runs, two GPUs; the last waits for sigma. First, while other workers make the finished study, which
# the tests after it need.

LIMITED, CANCELLED, LOST = OBJECTIVES = ["ce+epochs=80", "scl-ce+epochs=80", "gloss-sqrt-ce@reference+epochs=80"]
RUNS = "results/cut/runs.parquet"


@pytest.mark.slow
@pytest.mark.timeout(2400)
def test_whatever_cuts_jobs_off_they_go_on_and_end_with_the_same_bits(cluster, workplace, request):
    folder = workplace("cut")
    study = small(folder / "cut.yaml", objectives=OBJECTIVES)
    state = folder / "results/cut/.state/runs/bbc-news/minilm-l6"

    def training():
        """Jobs that train now, by objective."""
        jobs = {job["Comment"]: job for job in cluster.queue() if job["JobState"] == "RUNNING"}
        keys = {key: f"rule_bbc-news_minilm-l6_{key}_seed-0_evaluate_train" for key in OBJECTIVES}
        under_way = {path.parents[1].name for path in state.rglob("checkpoint.safetensors")}
        return {key: jobs[name] for key, name in keys.items() if name in jobs and key in under_way}

    def held(*keys):
        """Jobs of these objectives, each stopped where it trains: a fast machine is done before the next one starts."""
        jobs = {}

        def found():
            for key, job in training().items():
                if key in keys and key not in jobs:
                    cluster.stop_processes(job["JobId"], "train")
                    jobs[key] = job
            return jobs if len(jobs) == len(keys) else None

        return wait_until(found, 300, f"under way: {', '.join(keys)}")

    def ended(job, *states):
        return lambda: next(now for now in cluster.jobs() if now["JobId"] == job["JobId"])["JobState"] in states

    with (folder / "snakemake.txt").open("a") as file:
        submitter = started(folder, RUNS, *PROFILE, study=study, cores=None, output=file)
    try:
        first = held(LIMITED, CANCELLED)
        run("scontrol", "update", f"JobId={first[LIMITED]['JobId']}", "TimeLimit=1")
        run("scancel", first[CANCELLED]["JobId"])
        cluster.end("slurmctld")
        cluster.start_controller()
        lost = held(LOST)[LOST]
        cluster.lose_node(lost["NodeList"])
        wait_until(ended(lost, "PENDING"), 120, "SLURM starts the job of a lost node again")
        cluster.start_node(lost["NodeList"])
        wait_until(ended(first[LIMITED], "FAILED", "TIMEOUT"), 180, "a run reaches its time limit")
        going = wait_until(training, 300, "a run goes on")
    finally:
        submitter.kill()
        submitter.wait()
    time.sleep(3)  # a job that a local Snakemake started would have looked three times whether that is alive
    outlived = [ended(job, "RUNNING", "COMPLETING", "COMPLETED")() for job in going.values()]
    assert all(outlived), "jobs outlive the Snakemake that submitted them"
    for job in training().values():  # a fast machine is done before its queue is looked at
        cluster.stop_processes(job["JobId"], "train")
    said = r"glossbench: cancelled \d+ SLURM jobs that a killed Snakemake had left" if cluster.queue() else "$"
    assert re.match(said, glossbench_process(folder, "unlock").stdout)
    assert not cluster.queue()
    assert glossbench_process(folder, "unlock").stdout == ""

    again = snakemake(folder, RUNS, *PROFILE, study=study)
    assert again.returncode == 0, again.stdout + again.stderr
    jobs = by_comment(job for job in cluster.jobs() if job["WorkDir"] == str(folder))
    assert jobs[f"bbc-news_minilm-l6_{LOST}_seed-0"][0]["Restarts"] == "1"
    for key in OBJECTIVES:
        tried = jobs[f"bbc-news_minilm-l6_{key}_seed-0"]
        assert overlapping(tried) == 1, "no run twice at a time"
        log = folder / f"results/cut/logs/train/bbc-news/minilm-l6/{key}/seed-0.log"
        assert re.search("resumed after epoch|had finished", log.read_text()), key
    whole = request.getfixturevalue("prepared")("whole", study, "sigma")  # by now the finished study is there
    assert snakemake(whole, RUNS, study=study).returncode == 0
    assert digests(folder / "results/cut") == digests(whole / "results/cut")


@pytest.fixture(scope="module")
def submitted(cluster, workplace):
    """Part of the tiny study up to its frames, submitted; its folder and SLURM's jobs."""
    folder = workplace("submitted")
    (folder / "tiny.yaml").write_text(yaml.safe_dump(SETTINGS))
    process = snakemake(folder, *FRAMES, *PROFILE, study=folder / "tiny.yaml")
    assert process.returncode == 0, process.stdout + process.stderr
    return folder, [job for job in cluster.jobs() if job["WorkDir"] == str(folder)]


@pytest.mark.slow
@pytest.mark.timeout(2400)
def test_a_submitted_study_has_the_bytes_of_a_local_one(submitted, finished):
    """But for the frames, which are of more runs there."""
    found, expected = (digests(folder / "results" / "tiny") for folder in (submitted[0], finished))
    found = {name: digest for name, digest in found.items() if "/" in name}
    assert len([name for name in found if name.endswith("metrics.json")]) == len(PART.runs)
    assert found == {name: digest for name, digest in expected.items() if name in found}


@pytest.mark.slow
def test_a_run_is_one_submission_and_says_what_it_is(submitted):
    jobs = by_comment(submitted[1])
    names = {submission_name(f"{run.corpus}/{run.encoder}/{run.objective}", (run.seed,)) for run in TRAINED}
    assert names <= set(jobs)
    others = {
        "bbc-news_minilm-l6_gloss-o-ce",
        "bbc-news_minilm-l6_tfidf_0",
        "bbc-news_minilm-l6_frozen_0",
        "bbc-news_minilm-l6",
    }
    assert set(jobs) - names - others == {"results_tiny"}, "the projections"
    assert len(submitted[1]) == len(TRAINED) + 6
    assert all(job["JobName"].startswith("glossbench_") for job in submitted[1])
    assert all(job["JobState"] == "COMPLETED" for job in submitted[1]), "nothing was tried twice"


@pytest.mark.slow
def test_jobs_ask_for_what_they_need(submitted):
    """20 minutes at least and 10 for the evaluation; 2.5 GB and 24 bytes for each of 22.7 million parameters."""
    jobs = by_comment(submitted[1])
    for job in jobs["bbc-news_minilm-l6_ce_seed-0"]:
        assert (job["TimeLimit"], job["MinMemoryNode"], job["NumCPUs"]) == ("00:30:00", "3100M", "1")
        assert "gpu:1" in job["TresPerJob"]
    for job in jobs["bbc-news_minilm-l6_tfidf_0"]:
        assert "TresPerJob" not in job


@pytest.mark.slow
def test_training_is_held_until_a_gpu_is_free(submitted):
    asking = [job for job in submitted[1] if "gpu:1" in job.get("TresPerJob", "")]
    assert len(asking) == len(TRAINED) + 3
    assert overlapping(asking) <= 2, "there are two GPUs"
    times = [[datetime.fromisoformat(job[name]) for name in ("SubmitTime", "StartTime")] for job in asking]
    waited = max(times, key=lambda pair: pair[1] - pair[0])
    ends = [datetime.fromisoformat(job["EndTime"]) for job in asking]
    assert any(waited[0] < end <= waited[1] for end in ends), "one ended before it began"
    assert overlapping([job for job in asking if job["EndTime"] > waited[0].isoformat()]) == 2, "while both were taken"


@pytest.mark.slow
def test_jobs_need_no_network(submitted, cluster):
    if "INTERFACES" not in os.environ:
        pytest.skip("unshare --net is not permitted here")
    interfaces = [line.split(":")[0].strip() for line in cluster.interfaces.read_text().splitlines()]
    assert len(interfaces) >= len(submitted[1])
    assert set(interfaces) == {"lo"}


@pytest.mark.slow
def test_a_submitted_study_is_finished_for_a_local_one_too(submitted):
    assert planned(submitted[0], *FRAMES, study=submitted[0] / "tiny.yaml") == {}
