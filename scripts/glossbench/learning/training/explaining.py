"""Errors of a run in words that say what to change."""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from glossbench.errors import TrainingError, brief
from glossbench.job.memory import is_out_of_memory
from glossbench.settings.losses import file_of, is_custom


@contextmanager
def explain_custom_loss(loss: str | None) -> Iterator[None]:
    """Turn any error of the body into a TrainingError that names a custom loss and the line of its file.

    Errors of other losses, and out of memory, stay as they are.
    """
    try:
        yield
    except Exception as error:
        if not is_custom(loss) or is_out_of_memory(error):
            raise
        file = file_of(loss)
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(file)]
        where = f" ({file.name}, line {lines[-1]})" if lines else ""
        raise TrainingError(f"loss {loss}: {type(error).__name__}: {brief(error)}{where}") from error


@contextmanager
def explain_out_of_memory(where: str, micro_batch_tokens: int) -> Iterator[None]:
    """Turn an out-of-memory error of the body into a TrainingError that names the part of a run and what to change."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        message = brief(error) or type(error).__name__
        if not is_out_of_memory(error):
            raise
        raise TrainingError(
            f"{where}: out of memory; training.gradient_cache: true, or a smaller training.micro_batch_tokens (now "
            f"{micro_batch_tokens}) or training.batch_size is what to change ({message})"
        ) from None
