"""A job ends when the Snakemake that started it has died; a lock that a killed Snakemake left behind is lifted.

``python -m glossbench.orphans`` does the latter for the current directory, as ``make`` does before it goes on.
"""

import logging
import os
import sys
import threading
import time
from pathlib import Path

import psutil

log = logging.getLogger(__name__)
SECONDS_BETWEEN_LOOKS = 1.0


def end_with_snakemake() -> None:
    """Watch the Snakemake process above this one, if there is one, and exit when it is gone.

    A killed Snakemake leaves its jobs running; they would write beside those that its successor starts.
    """
    ancestor = next((process for process in psutil.Process().parents() if _is_snakemake(process)), None)
    if ancestor is not None:
        threading.Thread(target=_exit_without, args=(ancestor,), daemon=True).start()


def _exit_without(ancestor: psutil.Process) -> None:
    while _is_alive(ancestor):
        time.sleep(SECONDS_BETWEEN_LOOKS)
    log.error("the Snakemake that started this job has died; so does the job")
    logging.shutdown()
    os._exit(1)


def lift_stale_lock(folder: Path) -> str | None:
    """Unlock a working directory that no Snakemake works in. Returns what to tell the user, None where all is well.

    Raises RuntimeError where a Snakemake is at work there. One on another machine is not seen.
    """
    if not any((folder / ".snakemake" / "locks").glob("*")):
        return None
    at_work = [
        process.pid for process in psutil.process_iter() if _is_snakemake(process) and _works_in(process, folder)
    ]
    if at_work:
        raise RuntimeError(f"Snakemake is already at work here (process {at_work[0]}); wait for it, or end it")
    for lock in (folder / ".snakemake" / "locks").glob("*"):
        lock.unlink()
    return "a killed Snakemake had left its lock behind; lifted it and went on"


def _is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _is_snakemake(process: psutil.Process) -> bool:
    try:
        words = [Path(word).name for word in process.cmdline()[:4]]
    except psutil.Error:
        return False
    return "snakemake" in words and words[0] != "make"


def _works_in(process: psutil.Process, folder: Path) -> bool:
    try:
        return process.pid != os.getpid() and Path(process.cwd()) == folder.resolve()
    except psutil.Error:
        return False


if __name__ == "__main__":
    try:
        said = lift_stale_lock(Path.cwd())
    except RuntimeError as error:
        sys.exit(f"glossbench: {error}")
    if said:
        print(f"glossbench: {said}")
