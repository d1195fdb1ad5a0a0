"""A resource's folder: its files as a whole, from one source, or none of them.

Snakemake deletes SHA256SUMS, a declared output, before it fetches again; the record of what was fetched stays.
"""

import json
import shutil
from collections.abc import Iterable
from pathlib import Path

from glossbench.files import read_json, replacing, sha256

RECORD = ".fetched.json"
STAGES = ".partial"  # the files of unfinished fetches, a folder for each source


def install(names: Iterable[str], stage: Path, folder: Path, source: dict | None) -> list[str]:
    """Move files from ``stage`` into ``folder`` and remove those that an earlier source left.

    The record is written last.

    Args:
        names: The files' names, relative to both folders.
        stage: Folder that has the files.
        folder: Folder that they are moved to.
        source: What identifies the files; values that JSON can hold.

    Returns:
        The names, sorted.
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
    with replacing(folder / RECORD) as temporary:
        temporary.write_text(json.dumps({"source": source, "files": files}, indent=1), encoding="utf-8")
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
