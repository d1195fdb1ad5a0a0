"""SIGTERM: a job leaves at once, or at the end of the write in progress, gives its lock back and says why."""

import signal
import subprocess
import sys

import pytest
from glossbench.job.locks import exclusive
from glossbench.job.termination import LEFT

from tests.support.repository import ROOT
from tests.support.waiting import wait_until

JOB = """
import sys, time
from pathlib import Path
from types import SimpleNamespace
from glossbench.job.locks import exclusive
from glossbench.job.logs import job_log
from glossbench.learning.training import checkpoints

folder = Path(sys.argv[1])
job = SimpleNamespace(log=[str(folder / "log")], rule="a rule", params={}, output={}, input={}, wildcards={})

def slow_write(tensors, path, metadata):
    (folder / "under way").touch()
    time.sleep(1)
    path.write_text("whole")

checkpoints.save_file = slow_write
nothing = SimpleNamespace(state_dict=lambda: {"state": {}})
progress = SimpleNamespace(best={}, snapshots=[], epoch=1, history=[], stopping=SimpleNamespace(best=0, bad_epochs=0))
with job_log(job), exclusive(folder):
    if sys.argv[2] == "writing":
        checkpoint = checkpoints.Checkpoint(folder / "checkpoint.safetensors", "key")
        checkpoint.save(SimpleNamespace(state_dict=dict), nothing, progress)
    (folder / "under way").touch()
    while True:
        time.sleep(0.1)
"""


@pytest.mark.parametrize("doing", ["writing", "training"])
def test_a_job_that_is_told_to_end_finishes_its_write_and_leaves(tmp_path, doing):
    process = subprocess.Popen([sys.executable, "-c", JOB, tmp_path, doing], cwd=ROOT / "scripts")
    try:
        wait_until((tmp_path / "under way").exists, 60, "a job is under way", every=0.05)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == LEFT != 0
    finally:
        process.kill()
    assert "ended by SIGTERM" in (tmp_path / "log").read_text().splitlines()[-1]
    written = tmp_path / "checkpoint.safetensors"
    assert (written.is_file() and written.read_text() == "whole") == (doing == "writing")
    with exclusive(tmp_path, patience=0):
        pass
