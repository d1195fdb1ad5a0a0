"""Several jobs on a machine with several GPUs, which are pretended."""

import subprocess
import sys
from types import SimpleNamespace

import pytest
import torch
from filelock import FileLock
from glossbench.job import locks
from glossbench.learning.devices import cuda_device

from tests.support.repository import ROOT

JOB = """
import logging, sys, time
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from glossbench.job import locks
locks.POLL_SECONDS = 0.05
logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(message)s")
first = locks.own_device(["a", "b"], Path(sys.argv[2]))
assert locks.own_device(["a", "b"], Path(sys.argv[2])) == first  # a job keeps its device
print(first, flush=True)
time.sleep(60)
"""


@pytest.fixture
def job(tmp_path):
    """Starts jobs; all are ended with the test."""
    started = []

    def start():
        command = [sys.executable, "-c", JOB, str(ROOT / "scripts"), str(tmp_path)]
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


def test_concurrent_jobs_have_a_device_each_and_the_next_one_gets_that_of_a_killed_job(job):
    first, second = job(), job()
    devices = [int(process.stdout.readline()) for process in (first, second)]
    assert sorted(devices) == [0, 1]
    third = job()
    assert third.stdout.readline() == "all 2 devices are taken by other jobs; waiting for one\n"
    second.kill()
    assert int(third.stdout.readline()) == devices[1]


def test_a_job_on_several_gpus_takes_the_first_that_is_free(monkeypatch, tmp_path):
    chosen = []
    monkeypatch.setattr(locks, "_held", [])
    monkeypatch.setattr(locks.tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda index: SimpleNamespace(uuid=f"gpu-{index}"))
    monkeypatch.setattr(torch.cuda, "set_device", chosen.append)
    assert cuda_device() == torch.device("cuda", 0)
    (folder,) = tmp_path.iterdir()
    other_job = FileLock(folder / "gpu-1.lock")
    other_job.acquire()
    locks._held.clear()  # as another process, of which the first device is taken
    taken = FileLock(folder / "gpu-0.lock")
    taken.acquire()
    assert cuda_device() == torch.device("cuda", 2)
    assert cuda_device() == torch.device("cuda", 2)
    assert chosen == [0, 2, 2]
