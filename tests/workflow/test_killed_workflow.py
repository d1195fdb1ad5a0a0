"""A killed Snakemake: its trainers end, its lock is lifted by make's first step, the study goes on."""

import os
import subprocess
import sys
import time

import psutil
import pytest
from studies import ROOT, TINY, digests, snakemake


def started(folder):
    """The workflow under way in a process of its own."""
    command = [sys.executable, "-m", "snakemake", "-s", ROOT / "Snakefile", "-d", folder, "--cores", "2"]
    return subprocess.Popen(
        [*map(str, command), "--configfile", str(TINY)],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def wait_until(condition, seconds, what):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.05)


def unlock(folder):
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "scripts")}
    command = [sys.executable, "-m", "glossbench.orphans"]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


@pytest.mark.slow
def test_a_killed_workflow_goes_on_and_ends_with_the_same_numbers(finished, workplace):
    folder = workplace("killed")
    process = started(folder)
    checkpoints = folder / "results" / "tiny" / ".state"
    try:
        wait_until(lambda: list(checkpoints.rglob("checkpoint.safetensors")), 200, "a run is under way")
        assert "Snakemake is already at work here" in unlock(folder).stderr
        jobs = [child for child in psutil.Process(process.pid).children(recursive=True) if child.is_running()]
        trainers = [child for child in jobs if any("train.py" in word for word in child.cmdline())]
        assert trainers
    finally:
        process.kill()
        process.wait()
    _, alive = psutil.wait_procs(trainers, timeout=15)
    assert alive == [], "trainers outlived their Snakemake"

    locked = snakemake(folder)
    assert "--unlock" in locked.stdout + locked.stderr, "Snakemake itself says how to get out"
    assert unlock(folder).stdout == "glossbench: a killed Snakemake had left its lock behind; lifted it and went on\n"
    again = snakemake(folder)
    assert again.returncode == 0, again.stdout + again.stderr
    logs = [path.read_text() for path in (folder / "results" / "tiny" / "logs" / "train").rglob("*.log")]
    assert any("resumed after epoch" in text for text in logs)
    assert digests(folder / "results" / "tiny") == digests(finished / "results" / "tiny")


def test_there_is_nothing_to_unlock_where_nothing_is_locked(tmp_path):
    process = unlock(tmp_path)
    assert (process.returncode, process.stdout, process.stderr) == (0, "", "")
