"""Ends a job when the Snakemake that started it has died."""

import logging
import os
import threading
import time
from pathlib import Path

import psutil

log = logging.getLogger(__name__)
SECONDS_BETWEEN_LOOKS = 1.0


def end_with_snakemake() -> None:
    """Watch the Snakemake process that started this one, if there is one, and exit when it has ended.

    A killed Snakemake leaves its jobs running. They would write the same files as the jobs of the next Snakemake.
    """
    ancestor = next((process for process in psutil.Process().parents() if is_snakemake(process)), None)
    if ancestor is not None:
        threading.Thread(target=_exit_without, args=(ancestor,), daemon=True).start()


def _exit_without(ancestor: psutil.Process) -> None:
    while _is_alive(ancestor):
        time.sleep(SECONDS_BETWEEN_LOOKS)
    log.error("the Snakemake that started this job has died; so does the job")
    logging.shutdown()
    os._exit(1)


def _is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def is_snakemake(process: psutil.Process) -> bool:
    """Whether a process is a Snakemake, and not the ``make`` that called it."""
    try:
        words = [Path(word).name for word in process.cmdline()[:4]]
    except psutil.Error:
        return False
    return "snakemake" in words and words[0] != "make"
