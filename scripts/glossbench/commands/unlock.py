"""Removes what a killed Snakemake left: its lock and, on a cluster, its jobs, so that no run is made twice.

Jobs of a cluster are found by their working directory.
"""

import getpass
import re
import shutil
import socket
import subprocess
import time
from pathlib import Path

import psutil

from glossbench.commands.check import configuration_in
from glossbench.errors import SettingsError
from glossbench.job.termination import is_snakemake
from glossbench.settings.yaml_file import read_yaml

# Of a dry run, of one that takes no lock, as ``make partial``, or of a job on a node. Before an n stand flags without a
# value: -Rtrain is no dry run.
ASIDE = re.compile("--dry-run|--dryrun|--nolock|--mode|-[aDfFklpStv]*n.*")
# `slurm-jobname-prefix` in profiles/slurm/profile.v9+.yaml: glossbench, and the machine that Snakemake runs on
NAME = re.compile(r"glossbench_(?P<host>.+)_[0-9a-f]{8}-[0-9a-f-]{27}")
SECONDS_TO_ANSWER = 60
NOT_CONFIGURED = "Could not establish a configuration source"
SECONDS_TO_END = 180  # SLURM kills what does not leave on SIGTERM after KillWait, 30 seconds by default


def unlock(folder: Path, arguments: list[str], default: Path) -> list[str]:
    """Remove what a killed Snakemake left in a working directory, unless another is at work there.

    Another study may be at work there: studies share downloads alone, which Snakemake's own lock and the fetching of
    files keep apart. Locks say nothing of a study at work, since Snakemake removes those of all when any of them ends.
    Only processes on this machine are found. A command line without a study file means ``default``.

    Returns:
        Messages for the user.

    Raises:
        RuntimeError: A Snakemake is at work there on the study of ``arguments``, or jobs cannot be cancelled.
    """
    if any(map(ASIDE.fullmatch, arguments)):
        return []
    running, own = working_in(folder, default), study_named(arguments, folder, default)
    if process := next((process for process, theirs in running.items() if own and own == theirs), None):
        raise RuntimeError(
            f"Snakemake is already at work here on the study {own} (process {process}); wait for it, or end it"
        )
    if running:
        return []
    messages, locks = [cancel_submitted(folder)], list(folder.glob(".snakemake/locks/*"))
    for lock in locks:
        lock.unlink()
    if locks:
        messages.append("removed the lock that a killed Snakemake had left behind")
    return [message for message in messages if message]


def study_named(arguments: list[str], folder: Path, default: Path) -> str | None:
    """The study that Snakemake's command line names, or else the default; None if its files cannot be read."""
    given = configuration_in(arguments)
    try:
        settings = [read_yaml(folder / name) for name in given.configfile or [default]]
    except SettingsError:
        return None
    names = [file["study"] for file in settings if "study" in file]
    names += [entry.partition("=")[2] for entry in given.config if entry.startswith("study=")]
    return str(names[-1]) if names else None


def working_in(folder: Path, default: Path) -> dict[int, str | None]:
    """Process ids of this machine's Snakemakes at work in a folder, and their studies; not those of a node's jobs."""
    found = {}
    for process in filter(is_snakemake, psutil.process_iter()):
        try:
            arguments = process.cmdline()
            if Path(process.cwd()) == folder.resolve() and not any(map(ASIDE.fullmatch, arguments)):
                found[process.pid] = study_named(arguments, folder, default)
        except psutil.Error:
            continue
    return found


def cancel_submitted(folder: Path) -> str | None:
    """Cancel the jobs of a working directory in which no Snakemake runs, and wait until they have ended.

    A run that was under way goes on from its checkpoint, when the next Snakemake submits it again. Returns a message
    for the user, None if there are no such jobs or no SLURM.

    Raises:
        RuntimeError: The jobs were submitted on another machine, where their Snakemake may be at work, or SLURM does
            not answer, or they do not end.
    """
    if not (jobs := _submitted(folder)):
        return None
    if hosts := sorted({*jobs.values()} - {this_host()}):
        raise RuntimeError(
            f"SLURM has {len(jobs)} jobs of this folder that were submitted on {', '.join(hosts)}; if no Snakemake is "
            f"at work there, cancel them first: scancel {' '.join(jobs)}"
        )
    _answer("scancel", *jobs)
    deadline = time.monotonic() + SECONDS_TO_END
    while left := _submitted(folder):
        if time.monotonic() > deadline:
            raise RuntimeError(f"SLURM jobs of this folder do not end: {' '.join(left)}")
        time.sleep(1)
    return f"cancelled {len(jobs)} SLURM jobs that a killed Snakemake had left; runs go on from their checkpoints"


def this_host() -> str:
    """This machine's name as it is in the name of a job."""
    return socket.gethostname().split(".")[0][:30]


def _submitted(folder: Path) -> dict[str, str]:
    """Jobs of this user and this folder that have not ended: the machine they were submitted on, by SLURM's number."""
    if shutil.which("squeue") is None:
        return {}
    lines = _answer("squeue", "--noheader", "--user", getpass.getuser(), "--format", "%i|%j|%Z").splitlines()
    jobs = {number: (NAME.fullmatch(name), Path(place)) for number, name, place in (x.split("|", 2) for x in lines)}
    return {
        number: name["host"] for number, (name, place) in jobs.items() if name and place.resolve() == folder.resolve()
    }


def _answer(*command: str) -> str:
    """What a command of SLURM prints; nothing where this machine has the commands, but belongs to no cluster."""
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=SECONDS_TO_ANSWER, check=True).stdout
    except subprocess.TimeoutExpired:
        raise RuntimeError(f"{command[0]} gave no answer in {SECONDS_TO_ANSWER} s; try again later") from None
    except subprocess.CalledProcessError as error:
        if NOT_CONFIGURED in error.stderr:
            return ""
        raise RuntimeError(f"{command[0]} failed: {error.stderr.strip()}") from None
