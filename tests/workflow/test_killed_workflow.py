"""A killed Snakemake: its trainers end, its lock is lifted by make's first step, the study goes on."""

import psutil
import pytest

from tests.support.studies import digests, scripts_below, small, snakemake, started
from tests.support.waiting import wait_until

RUNS = "results/killed/runs.parquet"


@pytest.fixture
def study(tmp_path):
    """One run of enough epochs to be killed in the middle of them."""
    return small(tmp_path / "killed.yaml", objectives=["gloss-sqrt-ce@reference+epochs=25"])


def said(process):
    return process.returncode, process.stdout, process.stderr


@pytest.mark.slow
def test_a_killed_workflow_goes_on_and_ends_with_the_same_numbers(study, prepared, glossbench, tmp_path):
    folder, results = prepared("killed", study, "sigma"), "results/killed"
    trainers = []
    process = started(folder, RUNS, study=study)
    try:
        wait_until(lambda: list((folder / results).rglob("checkpoint.safetensors")), 200, "a run has begun", every=0.05)
        trainers = scripts_below(process.pid, "train")
        assert trainers
        for trainer in trainers:
            trainer.suspend()
        other = small(tmp_path / "other.yaml", objectives=["ce"])
        assert said(glossbench(folder, "unlock", other)) == (0, "", ""), "another study may start"
        beside = snakemake(folder, "results/other/corpora/bbc-news/card.json", study=other)
        assert beside.returncode == 0, beside.stdout + beside.stderr
        # with that, Snakemake has removed the lock of the study that is at work
        line = f"glossbench: Snakemake is already at work here on the study killed (process {process.pid}); "
        assert glossbench(folder, "unlock", study).stderr.startswith(line)
        assert said(glossbench(folder, "unlock", study, "--", "-n")) == (0, "", ""), "a dry run may start"
    finally:
        process.kill()
        process.wait()
        for trainer in trainers:
            trainer.resume()
    _, alive = psutil.wait_procs(trainers, timeout=60)
    assert alive == [], "trainers outlived their Snakemake"

    (folder / ".snakemake/locks").mkdir(exist_ok=True)
    (folder / ".snakemake/locks/0.output.lock").write_text(f"{RUNS}\n")  # as it would be without the other study
    locked = snakemake(folder, RUNS, study=study)
    assert "--unlock" in locked.stdout + locked.stderr, "Snakemake itself says how to get out"
    assert said(glossbench(folder, "unlock", study)) == (
        0, "glossbench: removed the lock that a killed Snakemake had left behind\n", ""
    )  # fmt: skip
    again = snakemake(folder, RUNS, study=study)
    assert again.returncode == 0, again.stdout + again.stderr
    (log,) = (folder / results / "logs" / "train").rglob("*.log")
    assert "resumed after epoch" in log.read_text()

    whole = prepared("whole", study, "sigma")
    assert snakemake(whole, RUNS, study=study).returncode == 0
    assert digests(folder / results) == digests(whole / results)


def test_there_is_nothing_to_unlock_where_nothing_is_locked(glossbench, tmp_path):
    assert said(glossbench(tmp_path, "unlock")) == (0, "", "")
