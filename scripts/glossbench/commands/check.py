"""What is checked before Snakemake reads a study: Snakemake's own errors are tracebacks that name no line or key."""

import argparse
import os
import re
import shlex
import tempfile
from datetime import datetime
from pathlib import Path

import yaml

from glossbench.checksums import CHECKSUMS
from glossbench.data.entries import local_files
from glossbench.errors import SettingsError
from glossbench.settings.messages import quoted
from glossbench.settings.paths import run_folder
from glossbench.settings.study import Study
from glossbench.settings.yaml_file import read_yaml

KEY = re.compile(r"[a-zA-Z_][\w-]*\w")  # what Snakemake accepts as a key of --config


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
            f"slow, correct it, or else: {command if late[1:] else shlex.join(['touch', str(late[0])])}"
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
