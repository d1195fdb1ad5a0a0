"""Reads archives: unpacks one into an empty folder and nowhere else, and compares its checksums."""

import hashlib
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from glossbench.archives.format import write_tar
from glossbench.errors import GlossbenchError
from glossbench.files import CHECKSUMS, read_checksums, sha256

GZIP = bytes([0x1F, 0x8B, 8, 0, 0, 0, 0, 0])  # no name, no comment, no time
CHUNK = 2**20  # bytes


def unpacked(archive: Path, folder: Path) -> Path:
    """Unpack the archive below ``folder``, and nowhere else. Returns the archive's top folder.

    Raises:
        GlossbenchError: It is damaged, or a member is not a plain file below one top folder. Nothing was unpacked.
    """
    try:
        with tarfile.open(archive, "r:gz") as tar:
            members = tar.getmembers()
            top = _top_folder(archive, members)
            for member in members:
                target = folder / member.name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(tar.extractfile(member).read())
    except OSError as error:  # includes some errors of tarfile and gzip
        raise GlossbenchError(f"{archive}: {error.strerror or error}") from None
    except (tarfile.TarError, zlib.error, EOFError, ValueError) as error:
        raise GlossbenchError(f"{archive}: not a whole tar.gz: {error}") from None
    return folder / top


def _top_folder(archive: Path, members: list[tarfile.TarInfo]) -> str:
    """The one folder that all members are in; GlossbenchError unless they are regular files, each once."""
    seen = set()
    for member in members:
        path = PurePosixPath(member.name)
        if path.is_absolute() or ".." in path.parts or "\\" in member.name:
            raise GlossbenchError(f"{archive}: {member.name}: leads out of the archive; nothing was unpacked")
        if not member.isreg() or len(path.parts) < 2:
            raise GlossbenchError(f"{archive}: {member.name}: not a plain file in a folder; nothing was unpacked")
        if path in seen:
            raise GlossbenchError(f"{archive}: {member.name}: is in the archive twice; nothing was unpacked")
        seen.add(path)
    tops = {path.parts[0] for path in seen}
    if len(tops) != 1:
        raise GlossbenchError(f"{archive}: one folder at the top was expected, {len(tops)} found")
    return tops.pop()


def around_the_files(archive: Path, root: Path) -> Iterator[str]:
    """Faults of an archive besides those of its files: its bytes are not those that ``write_archive`` makes of them.

    Args:
        archive: The archive.
        root: Where it was unpacked.
    """
    with archive.open("rb") as stream:
        if stream.read(len(GZIP)) != GZIP:
            yield f"{archive}: its head is not that of an archive of make pack"
        stream.seek(0)
        digest, rest = _digest_of_tar(stream)
    if rest:
        yield f"{archive}: something follows its end, which no list tells of"
    files = {path.relative_to(root).as_posix(): path for path in root.rglob("*") if path.is_file()}
    with tempfile.TemporaryFile() as again:
        write_tar(again, root.name, files)
        again.seek(0)
        if hashlib.file_digest(again, "sha256").hexdigest() != digest:
            yield f"{archive}: its files are not packed as make pack packs them (order, times, owners, more data)"


def _digest_of_tar(stream: IO[bytes]) -> tuple[str, bool]:
    """SHA-256 of what a gzip stream has packed, and whether anything follows the stream."""
    opened, digest = zlib.decompressobj(wbits=31), hashlib.sha256()
    while not opened.eof and (chunk := stream.read(CHUNK)):
        digest.update(opened.decompress(chunk))
    return digest.hexdigest(), bool(opened.unused_data or stream.read(1))


def compare_checksums(root: Path) -> dict[str, str]:
    """Compare the files with the packed SHA256SUMS. Returns what is wrong by the name of the file, sorted."""
    present = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()} - {CHECKSUMS}
    listed = read_checksums(root / CHECKSUMS)
    faults = {}
    for name in sorted(present | set(listed)):
        if name not in present:
            faults[name] = f"missing, {CHECKSUMS} lists it"
        elif name not in listed:
            faults[name] = f"not one of the files that {CHECKSUMS} lists"
        elif sha256(root / name) != listed[name]:
            faults[name] = "its content is not what was packed (sha256)"
    return faults
