"""What comes before Snakemake starts: its arguments are checked, and what a killed one left is removed.

Snakemake's own errors about study files and ``--config`` are tracebacks that name no line, and of two equal keys it
uses the last. A killed one leaves its lock and on a cluster its jobs, which are found by their folder, and cancelled so
that no run is made twice.
"""

import argparse
import getpass
import os
import re
import shlex
import shutil
import socket
import subprocess
import tempfile
import time
from datetime import datetime
from pathlib import Path

import psutil
import yaml

from glossbench.data.params import local_files
from glossbench.errors import SettingsError
from glossbench.files import CHECKSUMS
from glossbench.job.termination import is_snakemake
from glossbench.settings.messages import quoted
from glossbench.settings.paths import run_folder
from glossbench.settings.study import Study
from glossbench.settings.yaml_file import read_yaml

DEFAULT_STUDY = Path(__file__).parents[3] / "config" / "config.yaml"
# Of a dry run, of one that takes no lock, as ``make partial``, or of a job on a node. Before an n stand flags without a
# value: -Rtrain is no dry run.
ASIDE = re.compile("--dry-run|--dryrun|--nolock|--mode|-[aDfFklpStv]*n.*")
KEY = re.compile(r"[a-zA-Z_][\w-]*\w")  # what Snakemake accepts as a key of --config
# `slurm-jobname-prefix` in profiles/slurm/profile.v9+.yaml: glossbench, and the machine that Snakemake runs on
NAME = re.compile(r"glossbench_(?P<host>.+)_[0-9a-f]{8}-[0-9a-f-]{27}")
SECONDS_TO_ANSWER = 60
NOT_CONFIGURED = "Could not establish a configuration source"
SECONDS_TO_END = 180  # SLURM kills what does not leave on SIGTERM after KillWait, 30 seconds by default


def check_arguments(arguments: list[str]) -> None:
    """Raise SettingsError if the study files or settings on snakemake's command line cannot be read."""
    given = configuration_in(arguments)
    for name in given.configfile:
        read_yaml(Path(name))
    for entry in given.config:
        key, equals, value = entry.partition("=")
        if not equals or not KEY.fullmatch(key):
            outer, dot, inner = key.partition(".")
            place = f"; write {outer}='{{{inner.replace('.', ': {')}: {value}{'}' * inner.count('.')}}}'"
            place = place if equals and dot else ""
            raise SettingsError(f"--config: {quoted(entry)} found, expected key=value with a key of a study{place}")
        try:
            yaml.safe_load(value)
        except (yaml.YAMLError, ValueError):  # the latter of a date that does not exist
            raise SettingsError(f"--config: {quoted(entry)} found, expected a value in YAML") from None


def refuse_future(study: Study) -> None:
    """Raise SettingsError if a file that jobs of a study read is of the future, by the clock of the disk it is on.

    Snakemake refuses what a job makes of such a file, when the job has done its work, and calls that clock skew.
    """
    keys = {("corpora", run.corpus) for run in study.runs} | {("encoders", run.encoder) for run in study.runs}
    files = [Path("resources", kind, key, CHECKSUMS) for kind, key in keys]
    files += [Path(file) for kind, key in keys for file in local_files(study.entry(kind, key))]
    files += Path("results", study.name).rglob("*")
    times = {file: file.stat().st_mtime for file in files if file.is_file()}
    with tempfile.NamedTemporaryFile(dir=".") as now:
        ahead = {file: time - os.fstat(now.fileno()).st_mtime for file, time in times.items()}
    late = sorted((file for file in ahead if ahead[file] > 1), key=ahead.__getitem__)
    if late:
        inside = Path("results", study.name)
        roots = dict.fromkeys(inside if file.is_relative_to(inside) else file for file in late)
        command = shlex.join(["find", "-L", *map(str, roots), "-newermt", "now", "-exec", "touch", "{}", "+"])
        raise SettingsError(
            f"{late[-1]}: its time stamp is {ahead[late[-1]] / 3600:.2f} hours in the future"
            + f", and those of {len(late) - 1} other files are too" * (len(late) > 1)
            + f"; Snakemake would refuse what is made from it. If this machine's clock ({datetime.now():%F %T}) is "
            f"slow, correct it, else: {command if late[1:] else shlex.join(['touch', str(late[0])])}"
        )


def refuse_unwritable_cache() -> None:
    """Raise SettingsError if the folder cannot be written in which Snakemake keeps what it reads, below the home."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path(os.environ.get("HOME", "~"), ".cache").expanduser())
    try:
        cache.joinpath("snakemake").mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=cache / "snakemake").close()
    except OSError as error:
        raise SettingsError(
            f"{cache}: Snakemake keeps files there, and it cannot be written ({error.strerror}); name a "
            f"folder that can: export XDG_CACHE_HOME={shlex.quote(str(Path.cwd() / '.cache'))}"
        ) from None


def refuse_places(study: Study) -> None:
    """Raise SettingsError if something else is where a study's folders are to be, or they cannot be written."""
    results = Path("results", study.name)
    for folder in (Path(".snakemake"), results, *(results / run_folder(run) for run in study.runs)):
        place = next(path for path in (folder, *folder.parents) if os.path.lexists(path))
        if not place.is_dir():
            kind = "a link to what is not there" if place.is_symlink() and not place.exists() else "a file"
            raise SettingsError(f"{place}: {kind} found, expected a folder; move it away")
        if len(folder.parts) < 3 and not os.access(place, os.W_OK | os.X_OK):
            raise SettingsError(
                f"{place}: this user cannot write there, and jobs do; look at its owner and mode (ls -ld)"
            )


def configuration_in(arguments: list[str]) -> argparse.Namespace:
    """The ``configfile`` and ``config`` among Snakemake's arguments, as lists of texts."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    for option, *others in (("--configfile", "--configfiles"), ("--config", "-C")):
        parser.add_argument(option, *others, nargs="*", action="extend", default=[])
    return parser.parse_known_args(arguments)[0]


def unlock(folder: Path, arguments: list[str]) -> list[str]:
    """Remove what a killed Snakemake left in a working directory, unless another is at work there.

    Another study may be at work there: studies share downloads alone, which Snakemake's own lock and the fetching of
    files keep apart. Locks say nothing of a study at work, since Snakemake removes those of all when any of them ends.
    Only processes on this machine are found.

    Returns:
        Messages for the user.

    Raises:
        RuntimeError: A Snakemake is at work there on the study of ``arguments``, or jobs cannot be cancelled.
    """
    if any(map(ASIDE.fullmatch, arguments)):
        return []
    running, own = working_in(folder), study_named(arguments, folder)
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
        messages.append("a killed Snakemake had left its lock behind; lifted it and went on")
    return [message for message in messages if message]


def study_named(arguments: list[str], folder: Path) -> str | None:
    """The study that Snakemake's command line names; None if its files cannot be read."""
    given = configuration_in(arguments)
    try:
        settings = [read_yaml(folder / name) for name in given.configfile or [DEFAULT_STUDY]]
    except SettingsError:
        return None
    names = [file["study"] for file in settings if "study" in file]
    names += [entry.partition("=")[2] for entry in given.config if entry.startswith("study=")]
    return str(names[-1]) if names else None


def working_in(folder: Path) -> dict[int, str | None]:
    """Process ids of this machine's Snakemakes at work in a folder, and their studies; not those of a node's jobs."""
    found = {}
    for process in filter(is_snakemake, psutil.process_iter()):
        try:
            arguments = process.cmdline()
            if Path(process.cwd()) == folder.resolve() and not any(map(ASIDE.fullmatch, arguments)):
                found[process.pid] = study_named(arguments, folder)
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
