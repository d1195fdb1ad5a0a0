"""Locks that end with the process: of a CUDA device, and of a run."""

import logging
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from glossbench.errors import TrainingError

log = logging.getLogger(__name__)
POLL_SECONDS = 1.0
_held: list[FileLock] = []  # until the process ends


def own_device(names: list[str], folder: Path | None = None) -> int:
    """Take a device that no other process has taken; wait while there is none.

    The operating system frees the lock when the process ends, however that happens. A process keeps the device that it
    took first.

    Args:
        names: a name for each device that is visible, the same in every process, such as its UUID.
        folder: Where the lock files are; by default in the user's folder for temporary files.

    Returns:
        Index of the device.
    """
    folder = folder or Path(tempfile.gettempdir()) / f"glossbench-devices-{os.getuid()}"
    folder.mkdir(parents=True, exist_ok=True)
    paths = [str(folder / f"{name}.lock") for name in names]
    for held in _held:
        if held.lock_file in paths:
            return paths.index(held.lock_file)
    waiting = False
    while True:
        for index, path in enumerate(paths):
            lock = FileLock(path)
            with suppress(Timeout):
                lock.acquire(timeout=0)
                _held.append(lock)
                return index
        if not waiting:
            log.info("all %d devices are taken by other jobs; waiting for one", len(names))
            waiting = True
        time.sleep(POLL_SECONDS)


@contextmanager
def exclusive(state: Path, patience: float = 60.0) -> Iterator[None]:
    """Hold the lock of a run; it is released when the body or the process ends, however that happens.

    Args:
        state: The folder of the run for what survives a kill.
        patience: Seconds to wait for the lock. A job whose Snakemake was killed takes a moment to notice and end.

    Raises:
        TrainingError: If another process keeps the lock longer.
    """
    state.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(state / "lock", timeout=patience):
            yield
    except Timeout:
        raise TrainingError(f"{state}: another process is training this run; end it, or wait for it") from None
