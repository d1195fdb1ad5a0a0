"""Seconds spent in the parts of an epoch, measured without making an accelerator wait."""

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

import torch


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
