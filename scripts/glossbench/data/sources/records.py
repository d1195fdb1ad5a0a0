"""The record of what was fetched into a resource's folder, and from which source.

Snakemake deletes the manifest, a declared output, before it fetches again; the record stays.
"""

import json
from collections.abc import Iterable
from pathlib import Path

from glossbench.files import replacing, sha256

RECORD = ".fetched.json"


def install(names: Iterable[str], staged: Path, folder: Path, source: dict) -> list[str]:
    """Move files into place and remove those that an earlier source left.

    The record is written last.

    Args:
        names: The files' names, relative to both folders.
        staged: Folder that has the files.
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
        files[name] = sha256(staged / name)
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (staged / name).replace(folder / name)
    with replacing(folder / RECORD) as temporary:
        temporary.write_text(json.dumps({"source": source, "files": files}, indent=1), encoding="utf-8")
    return names


def intact(folder: Path, source: dict) -> list[str] | None:
    """Sorted names of the files in ``folder``; None if they are not from ``source`` or one is missing or changed."""
    record = _record(folder)
    if record.get("source") != source:
        return None
    files = record["files"]
    whole = all((folder / name).is_file() and sha256(folder / name) == files[name] for name in files)
    return sorted(files) if whole else None


def _record(folder: Path) -> dict:
    try:
        return json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
