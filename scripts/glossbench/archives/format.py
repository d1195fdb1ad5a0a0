"""The format of archives: a tar.xz with one folder at its top, and in it the files and their digests in SHA256SUMS.

The same files give the same bytes: they have an order, and times and owners are left out.
"""

import hashlib
import io
import lzma
import shutil
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from types import SimpleNamespace
from typing import IO, Any

from glossbench.checksums import CHECKSUMS, checksum_lines, read_checksums, sha256
from glossbench.errors import GlossbenchError
from glossbench.files import replacing

FORMAT = 2
ABOUT = "archive.json"  # format, study, inputs, and where it was packed
STUDY = "config/study.json"  # the study as it was given, command line included
LOCK = "envs/requirements.txt"
WORKFLOW = "Snakefile"
CITATION = "CITATION.cff"
CRATE = "ro-crate-metadata.json"
REGISTRIES = ("corpora", "encoders", "objectives", "presets", "outputs", "claims")
EVIDENCE = (
    "report.html", "provenance.json", "claims.json", "claims.md", "significance.csv", "significance.json",
)  # fmt: skip


Content = Path | bytes  # of a file of an archive
CHUNK = 2**20  # bytes


def opened(content: Content) -> IO[bytes]:
    """A stream of a file's content."""
    return content.open("rb") if isinstance(content, Path) else io.BytesIO(content)


def digest_of(content: Content) -> str:
    """Hexadecimal SHA-256 of a file's content."""
    return sha256(content) if isinstance(content, Path) else hashlib.sha256(content).hexdigest()


def sources(root: Path) -> dict[str, Path]:
    """Files of the repository that belong to an archive with evidence, by names there: registries, rules, lock."""
    paths = [root / name for name in (LOCK, WORKFLOW, CITATION, *(f"config/{name}.yaml" for name in REGISTRIES))]
    paths += [path for pattern in ("config/published/*", "report/*.rst", "rules/*.smk") for path in root.glob(pattern)]
    return {path.relative_to(root).as_posix(): path for path in sorted(paths)}


def write_archive(archive: Path, folder: str, files: Mapping[str, Content]) -> None:
    """Write files and their digests, by their names below the top folder ``folder``."""
    digests = {name: digest_of(content) for name, content in files.items()}
    with replacing(archive) as partial, lzma.open(partial, "wb") as packed:
        write_tar(packed, folder, {**files, CHECKSUMS: checksum_lines(digests).encode()})


def write_tar(stream: Any, folder: str, files: Mapping[str, Content]) -> None:
    """Write the tar of an archive: the files by their names below ``folder``, without times and owners.

    Files of one kind come together, such as the predictions of all runs: xz then finds what they have in common, and
    an archive of runs takes half of the bytes that gzip makes of it.
    """
    with tarfile.open(mode="w|", fileobj=stream, format=tarfile.PAX_FORMAT) as tar:
        for name in sorted(files, key=lambda name: (PurePosixPath(name).name, name)):
            with opened(files[name]) as content:
                member = tarfile.TarInfo(f"{folder}/{name}")
                member.size = content.seek(0, io.SEEK_END)
                content.seek(0)
                tar.addfile(member, content)


def unpacked(archive: Path, folder: Path) -> Path:
    """Unpack the archive below ``folder``, and nowhere else. Returns the archive's top folder.

    GlossbenchError if it is damaged, or a member is not a plain file below one top folder. Nothing was unpacked then.
    """
    try:
        with tarfile.open(archive, "r:xz") as tar:
            members = tar.getmembers()
            top = _top_folder(archive, members)
            for member in members:
                target = folder / member.name
                target.parent.mkdir(parents=True, exist_ok=True)
                with target.open("wb") as file:
                    shutil.copyfileobj(tar.extractfile(member), file)
    except OSError as error:
        raise GlossbenchError(f"{archive}: {error.strerror or error}") from None
    except (tarfile.TarError, lzma.LZMAError, EOFError, ValueError) as error:
        raise GlossbenchError(f"{archive}: not a whole tar.xz: {error}") from None
    return folder / top


def _top_folder(archive: Path, members: list[tarfile.TarInfo]) -> str:
    seen: set[PurePosixPath] = set()
    for member in members:
        path = PurePosixPath(member.name)
        faults = {
            "leads out of the archive": path.is_absolute() or ".." in path.parts or "\\" in member.name,
            "not a plain file in a folder": not member.isreg() or len(path.parts) < 2,
            "is in the archive twice": path in seen,
        }
        if fault := next((text for text, found in faults.items() if found), None):
            raise GlossbenchError(f"{archive}: {member.name}: {fault}; nothing was unpacked")
        seen.add(path)
    tops = {path.parts[0] for path in seen}
    if len(tops) != 1:
        raise GlossbenchError(f"{archive}: one folder at the top was expected, {len(tops)} found")
    return tops.pop()


def container_faults(archive: Path, root: Path) -> Iterator[str]:
    """Faults of the container: a truncated end, or bytes that ``write_tar`` does not make of the files in ``root``."""
    unpacking, packed, again = lzma.LZMADecompressor(lzma.FORMAT_XZ), hashlib.sha256(), hashlib.sha256()
    with archive.open("rb") as stream:
        while not unpacking.eof:
            part = stream.read(CHUNK) if unpacking.needs_input else b""
            if unpacking.needs_input and not part:
                break
            packed.update(unpacking.decompress(part, CHUNK))
        if not unpacking.eof:
            yield f"{archive}: its end is missing"
        if unpacking.unused_data or stream.read(1):
            yield f"{archive}: extra data after its end, which no list accounts for"
    write_tar(SimpleNamespace(write=again.update), root.name, files_in(root))
    if again.digest() != packed.digest():
        yield f"{archive}: its files are not packed as make pack packs them (order, times, owners, more data)"


def files_in(root: Path) -> dict[str, Path]:
    """The files of an unpacked archive by their names in it."""
    return {path.relative_to(root).as_posix(): path for path in root.rglob("*") if path.is_file()}


def compare_checksums(root: Path) -> dict[str, str]:
    """Compare the files with the packed SHA256SUMS. Returns what is wrong by the name of the file, sorted."""
    present, listed = files_in(root), read_checksums(root / CHECKSUMS)
    faults = {}
    for name in sorted({*present, *listed} - {CHECKSUMS}):
        if name not in present:
            faults[name] = f"missing, {CHECKSUMS} lists it"
        elif name not in listed:
            faults[name] = f"not one of the files that {CHECKSUMS} lists"
        elif sha256(present[name]) != listed[name]:
            faults[name] = "its content is not what was packed (sha256)"
    return faults
