"""What timing.json holds: seconds, speed, memory, device and versions. Nothing here changes a result."""

import platform
import resource
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

import torch

from glossbench.data.documents import Documents


class Timer:
    """Adds up the seconds of each part: ``with timer("forward"): ...``.

    Parts may be nested; the seconds of an inner part count for the outer one too. On CUDA the parts are marked by
    events, which are read in ``lap``.

    Args:
        device: the device whose time is measured.
    """

    def __init__(self, device: torch.device):
        self.cuda = device.type == "cuda"
        self.seconds: dict[str, float] = defaultdict(float)
        self.events: list[tuple[str, torch.cuda.Event, torch.cuda.Event]] = []

    @contextmanager
    def __call__(self, part: str) -> Iterator[None]:
        """Add the time that the body takes to the seconds of ``part``."""
        start = self._mark()
        try:
            yield
        finally:
            end = self._mark()
            if self.cuda:
                self.events.append((part, start, end))
            else:
                self.seconds[part] += end - start

    def lap(self) -> dict[str, float]:
        """Seconds of each part since the last lap; waits for the device."""
        if self.cuda:
            torch.cuda.synchronize()
            for part, start, end in self.events:
                self.seconds[part] += start.elapsed_time(end) / 1000
        lap = dict(self.seconds)
        self.seconds.clear()
        self.events.clear()
        return lap

    def _mark(self) -> "float | torch.cuda.Event":
        if not self.cuda:
            return time.perf_counter()
        event = torch.cuda.Event(enable_timing=True)
        event.record()
        return event


def throughput(history: list[dict[str, float]], train: Documents) -> dict[str, float]:
    """Seconds of training in total and per epoch (without validation), training documents and tokens per second."""
    train_seconds = sum(row["seconds_epoch"] for row in history)
    return {
        "train_seconds": train_seconds,
        "seconds_per_epoch": train_seconds / len(history),
        "docs_per_second": len(train) * len(history) / train_seconds,
        "tokens_per_second": len(train.values) * len(history) / train_seconds,
    }


def machine(device: torch.device) -> dict[str, Any]:
    """Device, peak memory (MiB, of the device or, on a CPU, of the process), threads and versions."""
    if device.type == "cuda":
        name, peak = torch.cuda.get_device_name(device), torch.cuda.max_memory_allocated(device) / 2**20
    else:
        unit = 1 if sys.platform == "darwin" else 1024
        name, peak = "cpu", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20
    return {
        "device": name,
        "peak_memory_mib": peak,
        "threads": torch.get_num_threads(),
        "torch_version": torch.__version__,
        "transformers_version": version("transformers"),
        "python_version": platform.python_version(),
    }
