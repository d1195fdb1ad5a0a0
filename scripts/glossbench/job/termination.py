"""SIGTERM ends a job tidily: a scheduler sends it before the time limit, on cancelling, and on preemption."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

LEFT = 128 + signal.SIGTERM  # a failure to Snakemake, which tries again where `retries` allows
SECONDS_BETWEEN_LOOKS = 0.1
# What is finished first, by file and function: a checkpoint, the outputs of a run, and the links to them. They are
# named here since a change of their own code would be one of the code that trains.
WRITES = {("checkpoints.py", "save"), ("run_files.py", "write_run"), ("kept_runs.py", "keep")}


class Terminated(SystemExit):
    """The process was told to end."""

    def __init__(self) -> None:
        super().__init__(LEFT)


@contextmanager
def leaving_on_sigterm() -> Iterator[None]:
    """While the body runs, SIGTERM raises Terminated in it, at the end of the write in progress if there is one.

    Locks and temporary files are given back on the way out. Python handles signals in its main thread only; elsewhere
    nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, _leave) for number in (signal.SIGTERM, signal.SIGALRM)}
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave(number: int, frame: FrameType | None) -> None:
    if _is_writing(frame):
        signal.setitimer(signal.ITIMER_REAL, SECONDS_BETWEEN_LOOKS)
        return
    raise Terminated


def _is_writing(frame: FrameType | None) -> bool:
    while frame is not None:
        if (Path(frame.f_code.co_filename).name, frame.f_code.co_name) in WRITES:
            return True
        frame = frame.f_back
    return False
