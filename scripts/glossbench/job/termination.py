"""SIGTERM ends a job tidily: a scheduler sends it before the time limit, on cancelling, and on preemption."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, SimpleNamespace

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


def _leave(number: int, frame: FrameType | None) -> None:
    if not _state.writes:
        raise Terminated
    _state.told_to_end = True
