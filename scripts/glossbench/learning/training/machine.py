"""The machine that a run trains on: its clock, its memory and its description. Nothing here changes a result."""

import os
import platform
import resource
import sys
import time
import traceback
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil
import torch
from torch import Tensor

from glossbench.data.documents import Documents
from glossbench.errors import TrainingError
from glossbench.job.memory import is_out_of_memory
from glossbench.provenance import processor
from glossbench.settings.losses import file_of, is_own

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


def throughput(history: list[dict[str, float]], train: Documents) -> dict[str, float]:
    """Seconds of training in total and per epoch (without validation), training documents and tokens per second.

    And ``load``: how many cores of the machine were busy with other processes meanwhile, in the mean.
    """
    seconds, epochs = sum(row["seconds_epoch"] for row in history), len(history)
    return {
        "train_seconds": seconds,
        "seconds_per_epoch": seconds / epochs,
        "docs_per_second": len(train) * epochs / seconds,
        "tokens_per_second": len(train.values) * epochs / seconds,
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
    """Memory of the activations that a batch keeps for its backward pass, estimated.

    Per layer and token: sixteen vectors of the hidden size d in float32 (three projections, context, two inputs of
    layer norms and their outputs, and eight for the feed-forward part of 4 d), two of one byte for dropout, and for
    each head the attention probabilities with their mask.

    Args:
        config: configuration of the layers that are trained.
        lengths: (B,) tokens of each document.
    """
    tokens, pairs = int(lengths.sum()), int(lengths.square().sum())
    return config.num_hidden_layers * (66 * config.hidden_size * tokens + 5 * config.num_attention_heads * pairs)


def free_bytes(device: torch.device) -> int:
    """Memory that is free on a device, or available on this machine for a CPU."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    try:
        lines = Path("/proc/meminfo").read_text(encoding="utf-8").splitlines()
        return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable"))
    except (OSError, StopIteration):  # not Linux
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2


@contextmanager
def explain_own_loss(loss: str | None) -> Iterator[None]:
    """Turn any error of the body into a TrainingError that names a loss from elsewhere and the line of its file.

    Errors of other losses, and out of memory, stay as they are.
    """
    try:
        yield
    except Exception as error:
        if not is_own(loss) or is_out_of_memory(error):
            raise
        file = file_of(loss)
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(file)]
        where = f" ({file.name}, line {lines[-1]})" if lines else ""
        message = " ".join(str(error).split())[:300]
        raise TrainingError(f"loss {loss}: {type(error).__name__}: {message}{where}") from error


@contextmanager
def explain_out_of_memory(where: str, micro_batch_tokens: int) -> Iterator[None]:
    """Turn an out-of-memory error of the body into a TrainingError that names the part of the run and what to change.

    Args:
        where: the part of the run.
        micro_batch_tokens: its present value.
    """
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        message = " ".join(str(error).split())[:200] or type(error).__name__
        if not is_out_of_memory(error):
            raise
        raise TrainingError(
            f"{where}: out of memory; training.gradient_cache: true, or a smaller training.micro_batch_tokens (now "
            f"{micro_batch_tokens}) or training.batch_size is what to change ({message})"
        ) from None
