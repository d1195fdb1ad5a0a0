"""Removes what a killed Snakemake left in the current directory: its lock, and on a cluster its jobs.

``python -m glossbench.tools.unlock``. The targets of the Makefile that run a study call it first.
"""

import os
import sys
from pathlib import Path

import psutil

from glossbench.job.watchdog import is_snakemake
from glossbench.tools.submitted import cancel_submitted


def lift_stale_lock(folder: Path) -> str | None:
    """Remove the lock of a working directory in which no Snakemake runs.

    Only processes on this machine are found.

    Args:
        folder: The working directory.

    Returns:
        A message for the user; None if there was no lock.

    Raises:
        RuntimeError: A Snakemake runs in this directory.
    """
    if not any((folder / ".snakemake" / "locks").glob("*")):
        return None
    if running := working_in(folder):
        raise RuntimeError(f"Snakemake is already at work here (process {running[0]}); wait for it, or end it")
    for lock in (folder / ".snakemake" / "locks").glob("*"):
        lock.unlink()
    return "a killed Snakemake had left its lock behind; lifted it and went on"


def working_in(folder: Path) -> list[int]:
    """Process ids of the Snakemakes of this machine that work in a folder. Those of jobs, on a node, do not count."""
    return [process.pid for process in psutil.process_iter() if is_snakemake(process) and _works_in(process, folder)]


def _works_in(process: psutil.Process, folder: Path) -> bool:
    try:
        if process.pid == os.getpid() or "--mode" in process.cmdline():
            return False
        return Path(process.cwd()) == folder.resolve()
    except psutil.Error:
        return False


if __name__ == "__main__":
    try:
        messages = [] if working_in(Path.cwd()) else [cancel_submitted(Path.cwd())]
        messages.append(lift_stale_lock(Path.cwd()))
    except RuntimeError as error:
        sys.exit(f"glossbench: {error}")
    for message in filter(None, messages):
        print(f"glossbench: {message}")
