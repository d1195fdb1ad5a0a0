"""Jobs that run out of memory, killed for it or told so, get one line with what they asked for and a remedy."""

from types import SimpleNamespace

import numpy as np
import pytest
from glossbench.job.logs import job_log
from glossbench.job.memory import killed_jobs

from tests.support.jobs import job_of

ERROR = """Error in rule {rule}:
    message: None
    jobid: 3
    output: made
    log: {log} (check log file(s) for error details)
"""


def test_of_the_jobs_that_failed_those_that_were_killed_are_named():
    by_itself = "Command 'python train.py' died with <Signals.SIGKILL: 9>.\n" + ERROR.format(rule="train", log="a.log")
    wrong = "Command 'python tune.py' returned non-zero exit status 1.\n" + ERROR.format(rule="tune", log="b.log")
    in_conda = "returned non-zero exit status 137.\n" + ERROR.format(rule="classify_untuned", log="c.log")
    on_a_node = ERROR.format(rule="train", log="a.log") + f"Logfile slurm/7.log:\n====\n{by_itself}====\n"
    asked = {"a.log": 3100, "c.log": None}
    first, second = killed_jobs(by_itself + wrong + in_conda + by_itself, asked)
    assert first.startswith("a.log: train: killed (SIGKILL)")
    assert "it asked for 3,100 MB (mem_mb); run fewer jobs at once" in first
    assert "training.gradient_cache" in first
    assert second.startswith("c.log: classify_untuned: killed")
    assert "training" not in second
    assert killed_jobs(wrong + on_a_node, asked) == [first]


def no_room():
    np.empty(1 << 62, np.uint8)


def raise_bad_alloc():
    raise RuntimeError("std::bad_alloc")


@pytest.mark.parametrize("body", [no_room, raise_bad_alloc])
def test_a_job_without_memory_ends_with_one_line(quiet_job, tmp_path, capsys, body):
    asked = SimpleNamespace(mem_mb=2000)
    with pytest.raises(SystemExit), job_log(job_of(tmp_path, rule="evaluate", resources=asked)):
        body()
    line = capsys.readouterr().err
    assert line.startswith(f"glossbench: {tmp_path}/log: evaluate: out of memory (")
    assert "it asked for 2,000 MB" in line
    assert line.count("\n") == 1
    assert not (tmp_path / "log.failed").exists()
