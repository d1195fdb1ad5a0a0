"""Running out of memory, whatever torch calls it, becomes one line that says what to change."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from glossbench.errors import TrainingError

# torch's allocator for CPUs raises a plain RuntimeError: the first on Linux and macOS, the second on Windows
CPU_SAYS = ("can't allocate memory", "not enough memory")


def out_of_memory(error: BaseException) -> bool:
    """Whether an error says that a device or the machine has no memory left."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in CPU_SAYS)


@contextmanager
def memory_named(where: str, micro_batch_size: int) -> Iterator[None]:
    """Turn running out of memory into a TrainingError that says where it was."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not out_of_memory(error):
            raise
        said = " ".join(str(error).split())[:200] or type(error).__name__
        raise TrainingError(
            f"{where}: out of memory; a smaller training.micro_batch_size (now {micro_batch_size}) or "
            f"training.batch_size is what to change ({said})"
        ) from None
