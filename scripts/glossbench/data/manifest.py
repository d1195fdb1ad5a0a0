"""The list of a resource's files and their digests, in the format of ``sha256sum``."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from glossbench.errors import FetchError
from glossbench.job.atomic import replacing

NAME = "SHA256SUMS"


def sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def write_manifest(folder: Path, names: Iterable[str]) -> Path:
    """Write ``folder/SHA256SUMS``, one line per file, sorted by name (relative to ``folder``), and return its path."""
    lines = [f"{sha256(folder / name)}  {name}\n" for name in sorted(names)]
    path = folder / NAME
    with replacing(path) as temporary:
        temporary.write_text("".join(lines), encoding="utf-8")
    return path


def listed_files(manifest: str | Path, verify: bool = False) -> dict[str, Path]:
    """The files that a manifest lists, by their name relative to its folder, in its order.

    Args:
        manifest: Path of the manifest.
        verify: Also compare the digests.

    Raises:
        FetchError: A file is missing or, with ``verify``, has changed.
    """
    manifest = Path(manifest)
    files = {}
    for line in manifest.read_text(encoding="utf-8").splitlines():
        digest, _, name = line.partition("  ")
        path = manifest.parent / name
        if not path.is_file():
            raise FetchError(f"{path}: listed in {manifest} but missing; delete {manifest} to fetch it again")
        if verify and (found := sha256(path)) != digest:
            raise FetchError(
                f"{path}: changed since it was fetched (sha256 {found}, expected {digest}); "
                f"delete {manifest} to fetch it again"
            )
        files[name] = path
    return files
