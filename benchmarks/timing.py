"""Seconds of calls, and the memory of this process."""

import re
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median


def seconds_of(call: Callable[[], object]) -> float:
    """Seconds of one call."""
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def fastest(call: Callable[[], object], calls: int) -> float:
    """Seconds of the fastest of several calls, after one that is not measured."""
    call()
    return min(seconds_of(call) for _ in range(calls))


def interleaved(ours: Callable[[], object], other: Callable[[], object], repeats: int) -> tuple:
    """Median seconds of two calls that take turns, so that both see the same machine.

    Args:
        ours: first call.
        other: second call.
        repeats: how often each is called.
    """
    first, second = [], []
    for _ in range(repeats):
        first.append(seconds_of(ours))
        second.append(seconds_of(other))
    return median(first), median(second)


def peak_mib() -> float:
    """Largest memory (MiB) that this process has had so far.

    On Linux not from getrusage, whose figure a new process takes over from the one that started it.
    """
    status = Path("/proc/self/status")
    if status.is_file():
        return int(re.search(r"^VmHWM:\s+(\d+) kB$", status.read_text(), re.MULTILINE)[1]) / 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20
