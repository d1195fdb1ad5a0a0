"""Checksums of files: SHA256SUMS lists those of a folder, a seal has that of one file."""

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

from glossbench.errors import FetchError, GlossbenchError
from glossbench.files import replacing

CHECKSUMS = "SHA256SUMS"
LINE = re.compile(r"([0-9a-f]{64})  (.+)")


def sha256(path: str | Path) -> str:
    """Hexadecimal SHA-256 of a file."""
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def checksum_lines(digests: dict[str, str]) -> str:
    """The content of SHA256SUMS, in the format of ``sha256sum``: one line per file, sorted by name."""
    return "".join(f"{digests[name]}  {name}\n" for name in sorted(digests))


def _write_lines(path: Path, digests: dict[str, str]) -> Path:
    with replacing(path) as temporary:
        temporary.write_text(checksum_lines(digests), encoding="utf-8")
    return path


def write_checksums(folder: Path, names: Iterable[str]) -> Path:
    """Write SHA256SUMS of some files of ``folder``, by their names relative to it, and return its path."""
    return _write_lines(folder / CHECKSUMS, {name: sha256(folder / name) for name in names})


def add_checksums(paths: Iterable[str | Path]) -> None:
    """Write what some files of a folder are now into its SHA256SUMS, in which the lines of its other files stay."""
    files = {path.name: path for path in map(Path, paths)}
    sums = next(iter(files.values())).parent / CHECKSUMS
    try:
        others = read_checksums(sums)
    except GlossbenchError:  # there is none yet, or it is damaged
        others = {}
    _write_lines(sums, others | {name: sha256(path) for name, path in files.items()})


def seal(path: str | Path) -> None:
    """Record the checksum of an output: SHA256SUMS in a folder, ``.{name}.sha256`` beside a file.

    A file has its own, since several jobs write into one folder at a time. One that SHA256SUMS lists needs none.
    """
    path = Path(path)
    if path.is_dir():
        files = [file for file in path.rglob("*") if file.is_file() and file != path / CHECKSUMS]
        write_checksums(path, [str(file.relative_to(path)) for file in files])
    elif path.is_file() and path.name != CHECKSUMS and path not in _written(path, {}):
        _write_lines(_seal_of(path), {path.name: sha256(path)})


def unseal(path: str | Path) -> None:
    """Forget what an output was, before it is made again."""
    _seal_of(Path(path)).unlink(missing_ok=True)


def refuse_changed(paths: Iterable[str | Path]) -> None:
    """Raise GlossbenchError if a file, or one of a folder, has changed since it was written, where that is known."""
    lists: dict[Path, dict[str, str]] = {}
    for path in map(Path, paths):
        for file, expected in _written(path, lists).items():
            if file.is_file() and (found := sha256(file)) != expected:
                raise GlossbenchError(
                    f"{file}: changed since it was written (sha256 {found}, expected {expected}); "
                    f"delete {'it' if file == path else path} and run again"
                )


def _written(path: Path, lists: dict[Path, dict[str, str]]) -> dict[Path, str]:
    """Digests of a file, or of those of a folder, when they were written; ``lists`` keeps what was read."""

    def listed(sums: Path) -> dict[str, str]:
        if sums not in lists:
            try:
                lists[sums] = read_checksums(sums) if sums.is_file() else {}
            except GlossbenchError as error:
                text = f"{error}; delete this list, and files are no longer compared with it"
                raise GlossbenchError(text) from None
        return lists[sums]

    if path.is_dir():
        return {path / name: digest for name, digest in listed(path / CHECKSUMS).items()}
    if path.name == CHECKSUMS:
        return {}
    found = listed(path.parent / CHECKSUMS).get(path.name) or listed(_seal_of(path)).get(path.name)
    return {path: found} if found else {}


def _seal_of(path: Path) -> Path:
    """Beside the file itself: a link into Snakemake's cache has none, and is not what this folder's last job made."""
    return (path.resolve() if path.is_symlink() else path).with_name(f".{path.name}.sha256")


def read_checksums(path: Path) -> dict[str, str]:
    """Digests by name, in the order of the file.

    GlossbenchError if it is missing, or a line is not as ``sha256sum`` writes it, or a name occurs twice.
    """
    if not path.is_file():
        raise GlossbenchError(f"{path}: missing, so nothing can be checked")
    digests: dict[str, str] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
        if not (match := LINE.fullmatch(line)):
            raise GlossbenchError(f"{path}: line {number}: a sha256, two spaces and a name were expected")
        if match[2] in digests:
            raise GlossbenchError(f"{path}: line {number}: {match[2]} is listed twice")
        digests[match[2]] = match[1]
    return digests


def listed_files(checksums: str | Path, verify: bool = False) -> dict[str, Path]:
    """The files of a fetched corpus or encoder, by their name relative to its folder, that of its SHA256SUMS.

    FetchError if one is missing or, with ``verify``, has changed.
    """
    files, again = {}, f"delete {checksums} to fetch it again"
    for name, digest in read_checksums(Path(checksums)).items():
        files[name] = path = Path(checksums).parent / name
        if not path.is_file():
            raise FetchError(f"{path}: listed in {checksums} but missing; {again}")
        if verify and (found := sha256(path)) != digest:
            raise FetchError(f"{path}: changed since it was fetched (sha256 {found}, expected {digest}); {again}")
    return files
