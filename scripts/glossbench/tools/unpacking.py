"""Reads the archives of this package: unpacks one into an empty folder and nowhere else, and compares its checksums."""

import hashlib
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from glossbench.errors import GlossbenchError
from glossbench.tools.archive import CHECKSUMS, write_tar

GZIP = bytes([0x1F, 0x8B, 8, 0, 0, 0, 0, 0])  # no name, no comment, no time
CHUNK = 2**20  # bytes


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


def around_the_files(archive: Path, root: Path) -> Iterator[str]:
    """Faults of an archive besides those of its files: its bytes are not those that ``pack`` writes of the files.

    Args:
        archive: The archive.
        root: Where it was unpacked.
    """
    with archive.open("rb") as stream:
        if stream.read(len(GZIP)) != GZIP:
            yield f"{archive}: its head is not that of an archive of make artifact"
        stream.seek(0)
        digest, rest = _digest_of_tar(stream)
    if rest:
        yield f"{archive}: something follows its end, which no list tells of"
    files = {path.relative_to(root).as_posix(): path for path in root.rglob("*") if path.is_file()}
    with tempfile.TemporaryFile() as again:
        write_tar(again, root.name, files)
        again.seek(0)
        if hashlib.file_digest(again, "sha256").hexdigest() != digest:
            yield f"{archive}: its files are not packed as make artifact packs them (order, times, owners, more data)"


def _digest_of_tar(stream: IO[bytes]) -> tuple[str, bool]:
    """SHA-256 of what a gzip stream has packed, and whether anything follows the stream."""
    opened, digest = zlib.decompressobj(wbits=31), hashlib.sha256()
    while not opened.eof and (chunk := stream.read(CHUNK)):
        digest.update(opened.decompress(chunk))
    return digest.hexdigest(), bool(opened.unused_data or stream.read(1))


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
    listed = {name: digest for digest, _, name in lines}
    if len(listed) < len(lines):
        names = [name for *_, name in lines]
        raise GlossbenchError(f"{path.name}: {next(n for n in names if names.count(n) > 1)} is listed twice")
    return listed


def digest_of(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
