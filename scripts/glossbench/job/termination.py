"""What ends a job early: SIGTERM, tidily, and the death of the Snakemake that started it.

A scheduler sends SIGTERM before the time limit, on cancelling, and on preemption.
"""

import logging
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil

log = logging.getLogger(__name__)
LEFT = 128 + signal.SIGTERM  # a failure to Snakemake, which tries again where `retries` allows
_state = SimpleNamespace(writes=0, told_to_end=False)


class Terminated(SystemExit):
    """The process was told to end."""

    def __init__(self) -> None:
        super().__init__(LEFT)


@contextmanager
def leaving_on_sigterm() -> Iterator[None]:
    """While the body runs, SIGTERM raises Terminated in it, or at the end of the ``uninterrupted`` part that it is in.

    Locks and temporary files are given back on the way out. Python handles signals in its main thread only; elsewhere
    nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Let the body end before SIGTERM does: a checkpoint, or the outputs of a run. May be nested."""
    _state.writes += 1
    try:
        yield
    finally:
        _state.writes -= 1
    if _state.told_to_end and not _state.writes:
        raise Terminated


def _leave(*_: Any) -> None:
    if not _state.writes:
        raise Terminated
    _state.told_to_end = True


def end_with_snakemake() -> None:
    """Watch the Snakemake process that started this one, if there is one, and exit when it has ended.

    A killed Snakemake leaves its jobs running. They would write the same files as the jobs of the next Snakemake.
    """
    ancestor = next(filter(is_snakemake, psutil.Process().parents()), None)
    if ancestor is not None:
        threading.Thread(target=_exit_without, args=(ancestor,), daemon=True).start()


def _exit_without(ancestor: psutil.Process) -> None:
    try:
        while ancestor.is_running() and ancestor.status() != psutil.STATUS_ZOMBIE:
            time.sleep(1)
    except psutil.Error:
        pass
    log.error("the Snakemake that started this job has died; stopping the job")
    logging.shutdown()
    os._exit(1)


def is_snakemake(process: psutil.Process) -> bool:
    """Whether a process is a Snakemake, and not the ``make`` that called it."""
    try:
        words = [Path(word).name for word in process.cmdline()[:4]]
    except psutil.Error:
        return False
    return "snakemake" in words and words[0] != "make"
