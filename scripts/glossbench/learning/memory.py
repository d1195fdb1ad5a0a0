"""Out-of-memory errors of torch, turned into one line that names what to change."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from glossbench.errors import TrainingError

# The CPU allocator of torch raises a plain RuntimeError: the first on Linux and macOS, the second on Windows.
CPU_MESSAGES = ("can't allocate memory", "not enough memory")


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error means that the device or the machine has no memory left."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(message in str(error) for message in CPU_MESSAGES)


@contextmanager
def explain_out_of_memory(where: str, micro_batch_size: int) -> Iterator[None]:
    """Turn an out-of-memory error of the body into a TrainingError.

    Args:
        where: the part of the run, for the message.
        micro_batch_size: its present value, for the message.

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
            f"{where}: out of memory; a smaller training.micro_batch_size (now {micro_batch_size}) or "
            f"training.batch_size is what to change ({message})"
        ) from None
