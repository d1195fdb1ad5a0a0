"""What was put into a resource's folder, and from which source: it outlives the manifest, a declared output."""

import json
from collections.abc import Iterable
from pathlib import Path

from glossbench.data.manifest import sha256
from glossbench.job.atomic import replacing

RECORD = ".fetched.json"


def install(names: Iterable[str], staged: Path, folder: Path, source: dict) -> list[str]:
    """Move files from ``staged`` into place, remove what an earlier source left, and return the names, sorted.

    source: identifies the files, as JSON could hold it. The record is written last.
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
    """Names of the files if all that came from this very source are there and whole, else None."""
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
