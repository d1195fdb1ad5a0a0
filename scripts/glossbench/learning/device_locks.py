"""A CUDA device of its own for each job of a machine, by lock files that end with the process."""

import logging
import os
import tempfile
import time
from pathlib import Path

from filelock import FileLock, Timeout

log = logging.getLogger(__name__)
POLL_SECONDS = 1.0
_held: list[FileLock] = []  # until the process ends


def own_device(names: list[str], folder: Path | None = None) -> int:
    """Take a device that no other process has taken; wait while there is none.

    The operating system frees the lock when the process ends, however that happens. A process keeps the device that it
    took first.

    Args:
        names: a name for each device that is visible, the same in every process, such as its UUID.
        folder: where the lock files are; by default in the user's folder for temporary files.

    Returns:
        Index of the device.
    """
    folder = folder or Path(tempfile.gettempdir()) / f"glossbench-devices-{os.getuid()}"
    folder.mkdir(parents=True, exist_ok=True)
    locks = [FileLock(folder / f"{name}.lock") for name in names]
    for index, lock in enumerate(locks):
        if any(Path(lock.lock_file) == Path(held.lock_file) for held in _held):
            return index
    waiting = False
    while True:
        for index, lock in enumerate(locks):
            try:
                lock.acquire(timeout=0)
            except Timeout:
                continue
            _held.append(lock)
            return index
        if not waiting:
            log.info("all %d devices are taken by other jobs; waiting for one", len(names))
            waiting = True
        time.sleep(POLL_SECONDS)
