"""Reads the archives of this package: unpacks one into an empty folder and nowhere else, and compares its checksums."""

import hashlib
import tarfile
import zlib
from pathlib import Path, PurePosixPath

from glossbench.errors import GlossbenchError
from glossbench.tools.archive import CHECKSUMS


def unpacked(archive: Path, folder: Path) -> Path:
    """Unpack the archive below ``folder``, and nowhere else. Returns the archive's top folder."""
    try:
        with tarfile.open(archive, "r:gz") as tar:
            members = tar.getmembers()
            _check_members(archive, members)
            tar.extractall(folder, members, filter="data")
    except OSError as error:  # includes some errors of tarfile and gzip
        raise GlossbenchError(f"{archive}: {error.strerror or error}") from None
    except (tarfile.TarError, zlib.error, EOFError, ValueError) as error:
        raise GlossbenchError(f"{archive}: not a whole tar.gz: {error}") from None
    tops = {PurePosixPath(member.name).parts[0] for member in members}
    if len(tops) != 1:
        raise GlossbenchError(f"{archive}: one folder at the top was expected, {len(tops)} found")
    return folder / tops.pop()


def _check_members(archive: Path, members: list[tarfile.TarInfo]) -> None:
    """Raise GlossbenchError unless all members are regular files inside a folder, each once."""
    seen = set()
    for member in members:
        path = PurePosixPath(member.name)
        if path.is_absolute() or ".." in path.parts or "\\" in member.name:
            raise GlossbenchError(f"{archive}: {member.name}: leads out of the archive; nothing was unpacked")
        if not member.isreg() or len(path.parts) < 2:
            raise GlossbenchError(f"{archive}: {member.name}: not a plain file in a folder; nothing was unpacked")
        if path in seen:
            raise GlossbenchError(f"{archive}: {member.name}: stands in the archive twice; nothing was unpacked")
        seen.add(path)


def compare_checksums(root: Path) -> tuple[list[str], set[str]]:
    """Compare the files with the packed SHA256SUMS. Returns faults, and the names of files without any."""
    present = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()} - {CHECKSUMS}
    listed = listed_digests(root / CHECKSUMS)
    faults, sound = [], set()
    for name in sorted(present | set(listed)):
        if name not in present:
            faults.append(f"{name}: missing, {CHECKSUMS} lists it")
        elif name not in listed:
            faults.append(f"{name}: not one of the files that {CHECKSUMS} lists")
        elif digest_of(root / name) != listed[name]:
            faults.append(f"{name}: its content is not what was packed (sha256)")
        else:
            sound.add(name)
    return faults, sound


def listed_digests(path: Path) -> dict[str, str]:
    """Digests by name from a file in the format of sha256sum."""
    if not path.is_file():
        raise GlossbenchError(f"{path.name}: missing, so nothing can be checked")
    lines = [line.partition("  ") for line in path.read_text(encoding="utf-8", errors="replace").splitlines()]
    for place, (digest, _, name) in enumerate(lines, start=1):
        if len(digest) != 64 or set(digest) - set("0123456789abcdef") or not name:
            raise GlossbenchError(f"{path.name}: line {place}: a sha256, two spaces and a name were expected")
    return {name: digest for digest, _, name in lines}


def digest_of(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
