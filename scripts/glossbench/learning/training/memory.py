"""Memory of training: what a batch needs, what is free, and one line that says what to change where it runs out."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from glossbench.errors import TrainingError

# The CPU allocator of torch raises a plain RuntimeError: the first on Linux and macOS, the second on Windows.
CPU_MESSAGES = ("can't allocate memory", "not enough memory")


def activation_bytes(config: Any, layers: int, lengths: Tensor) -> int:
    """Memory of the activations that a batch keeps for its backward pass, estimated.

    Per layer and token: sixteen vectors of the hidden size d in float32 (three projections, context, two inputs of
    layer norms and their outputs, and eight for the feed-forward part of 4 d), two of one byte for dropout, and for
    each head the attention probabilities with their mask.

    Args:
        config: configuration of a transformer.
        layers: number of layers that are trained.
        lengths: (B,) tokens of each document.
    """
    tokens, pairs = int(lengths.sum()), int(lengths.square().sum())
    return layers * (66 * config.hidden_size * tokens + 5 * config.num_attention_heads * pairs)


def free_bytes(device: torch.device) -> int:
    """Memory that is free on a device, or available on this machine for a CPU."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    try:
        lines = Path("/proc/meminfo").read_text(encoding="utf-8").splitlines()
        return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable"))
    except (OSError, StopIteration):  # not Linux
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error means that the device or the machine has no memory left."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(message in str(error) for message in CPU_MESSAGES)


@contextmanager
def explain_out_of_memory(where: str, micro_batch_tokens: int) -> Iterator[None]:
    """Turn an out-of-memory error of the body into a TrainingError.

    Args:
        where: the part of the run, for the message.
        micro_batch_tokens: its present value, for the message.

    Raises:
        TrainingError: if the body runs out of memory; other errors pass unchanged.
    """
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        message = " ".join(str(error).split())[:200] or type(error).__name__
        raise TrainingError(
            f"{where}: out of memory; training.gradient_cache: true, or a smaller training.micro_batch_tokens (now "
            f"{micro_batch_tokens}) or training.batch_size is what to change ({message})"
        ) from None
