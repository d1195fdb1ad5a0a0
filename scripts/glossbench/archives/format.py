"""The format of archives: a tar.gz with one folder at its top, and in it the files and their digests in SHA256SUMS.

The same files give the same bytes: they have an order, and times and owners are left out.
"""

import gzip
import hashlib
import io
import tarfile
from pathlib import Path, PurePosixPath
from typing import IO

from glossbench.files import CHECKSUMS, checksum_lines

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


def sources(root: Path) -> dict[str, Path]:
    """Files of the repository that belong to an archive with evidence: workflow, registries, captions, lock, citation.

    Args:
        root: Root folder of the repository.

    Returns:
        Paths by their name in the archive, sorted.
    """
    paths = [root / "config" / f"{name}.yaml" for name in REGISTRIES]
    paths += [*root.glob("config/published/*"), *root.glob("report/*.rst"), *root.glob("rules/*.smk")]
    paths += [root / LOCK, root / WORKFLOW, root / CITATION]
    return {path.relative_to(root).as_posix(): path for path in sorted(paths)}


def write_archive(archive: Path, folder: str, files: dict[str, Path | bytes]) -> None:
    """Write an archive.

    Args:
        archive: The file to write.
        folder: Top folder in the archive.
        files: Paths or contents, by their name below the top folder.
    """
    stored = {name: file if isinstance(file, bytes) else file.read_bytes() for name, file in files.items()}
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in stored.items()}
    stored[CHECKSUMS] = checksum_lines(digests).encode()
    with archive.open("wb") as raw, gzip.GzipFile("", "wb", mtime=0, fileobj=raw) as packed:
        write_tar(packed, folder, stored)


def write_tar(stream: IO[bytes], folder: str, files: dict[str, Path | bytes]) -> None:
    """Write the tar of an archive: the files by their names below ``folder``, without times and owners.

    Files of one kind come together, such as the predictions of all runs: gzip then finds what they have in common, and
    an archive of runs takes half of the bytes that it takes sorted by folder.
    """
    with tarfile.open(mode="w", fileobj=stream, format=tarfile.PAX_FORMAT) as tar:
        for name in sorted(files, key=lambda name: (PurePosixPath(name).name, name)):
            content = files[name] if isinstance(files[name], bytes) else files[name].read_bytes()
            member = tarfile.TarInfo(f"{folder}/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
