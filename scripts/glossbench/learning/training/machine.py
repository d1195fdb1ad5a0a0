"""The machine that a run trains on: its clock, its memory and its description. Nothing here changes a result."""

import os
import platform
import resource
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

import psutil
import torch
from torch import Tensor

from glossbench.provenance import processor

BUSY = ("user", "nice", "system", "irq", "softirq", "steal")  # what a core does when it is not idle


class Timer:
    """Adds up the seconds of each part: ``with timer("forward"): ...``.

    Parts may be nested; the seconds of an inner part count for the outer one too. On CUDA the parts are marked by
    events, which are read in ``lap``.
    """

    def __init__(self, device: torch.device):
        self.cuda = device.type == "cuda"
        self.marks: list[tuple[str, Any, Any]] = []

    @contextmanager
    def __call__(self, part: str) -> Iterator[None]:
        """Add the time that the body takes to the seconds of ``part``."""
        start = self._mark()
        try:
            yield
        finally:
            self.marks.append((part, start, self._mark()))

    def lap(self) -> dict[str, float]:
        """Seconds of each part since the last lap; waits for the device."""
        if self.cuda:
            torch.cuda.synchronize()
        seconds: dict[str, float] = defaultdict(float)
        for part, start, end in self.marks:
            seconds[part] += start.elapsed_time(end) / 1000 if self.cuda else end - start
        self.marks.clear()
        return seconds

    def _mark(self) -> "float | torch.cuda.Event":
        if not self.cuda:
            return time.perf_counter()
        event = torch.cuda.Event(enable_timing=True)
        event.record()
        return event


def seconds_elsewhere() -> float:
    """Seconds that the cores of this machine have worked for other processes, since an unknown moment."""
    times = psutil.cpu_times()
    return sum(getattr(times, name, 0) for name in BUSY) - time.process_time()


def throughput(history: list[dict[str, float]], lengths: Tensor) -> dict[str, float]:
    """Seconds of training in total and per epoch (without validation), training documents and tokens per second.

    And ``load``: how many cores of the machine were busy with other processes meanwhile, in the mean. ``lengths`` are
    the tokens of each document that an epoch trains on.
    """
    seconds, epochs = sum(row["seconds_epoch"] for row in history), len(history)
    return {
        "train_seconds": seconds,
        "seconds_per_epoch": seconds / epochs,
        "docs_per_second": len(lengths) * epochs / seconds,
        "tokens_per_second": int(lengths.sum()) * epochs / seconds,
        "load": max(sum(row["seconds_elsewhere"] for row in history) / seconds, 0),
    }


def machine(device: torch.device) -> dict[str, Any]:
    """Device, processor, cores, peak memory (MiB, of the device or, on a CPU, of the process), threads, versions."""
    if device.type == "cuda":
        name, peak = torch.cuda.get_device_name(device), torch.cuda.max_memory_allocated(device) / 2**20
    else:
        unit = 1 if sys.platform == "darwin" else 1024
        name, peak = "cpu", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20
    return {
        "device": name,
        "processor": processor(),
        "cores": os.cpu_count(),
        "peak_memory_mib": peak,
        "threads": torch.get_num_threads(),
        "torch_version": torch.__version__,
        "transformers_version": version("transformers"),
        "python_version": platform.python_version(),
    }


def activation_bytes(config: Any, lengths: Tensor) -> int:
    """Memory of the activations that documents of ``lengths`` (B,) tokens keep for their backward pass, estimated.

    Per trained layer and token: sixteen vectors of the hidden size d in float32 (three projections, context, two inputs
    of layer norms and their outputs, and eight for the feed-forward part of 4 d), two of one byte for dropout, and for
    each head the attention probabilities with their mask.
    """
    tokens, pairs = int(lengths.sum()), int(lengths.square().sum())
    return config.num_hidden_layers * (66 * config.hidden_size * tokens + 5 * config.num_attention_heads * pairs)


def free_bytes(device: torch.device) -> int:
    """Memory that is free on a device, or available on this machine for a CPU."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    return psutil.virtual_memory().available
