"""Packs the evidence of a study, and all that it is made from, into one archive.

``glossbench.tools.verify`` checks such an archive. Snakemake imports this module for ``sources_digest`` while it parses
the workflow, so it imports no large packages.
"""

import gzip
import hashlib
import io
import json
import os
import tarfile
from pathlib import Path, PurePosixPath
from typing import IO, Any

from glossbench.provenance import describe

CHECKSUMS = "SHA256SUMS"
STUDY = "config/study.json"
LOCK = "envs/requirements.txt"
WORKFLOW = "Snakefile"
CITATION = "CITATION.cff"
CRATE = "ro-crate-metadata.json"
COMMIT = "commit.json"  # that of packing; the report may be older, if nothing that it shows has changed since
REGISTRIES = ("corpora", "encoders", "objectives", "presets", "outputs", "claims")


def sources(root: Path) -> dict[str, Path]:
    """The files of the repository that belong to an archive: the workflow, registries, schemas, captions, lock and
    citation.

    Args:
        root: Root folder of the repository.

    Returns:
        Paths by their name in the archive, sorted.
    """
    config = root / "config"
    paths = [config / f"{name}.yaml" for name in REGISTRIES]
    paths += [*config.glob("schemas/*.yaml"), *config.glob("published/*"), *root.glob("report/*.rst"), root / LOCK]
    paths += [root / WORKFLOW, root / CITATION, *root.glob("rules/*.smk")]
    return {path.relative_to(root).as_posix(): path for path in sorted(paths)}


def sources_digest(root: Path) -> str:
    """Digest of the names and contents of ``sources``.

    Raises:
        FileNotFoundError: A registry or the lock file is missing.
    """
    parts = [f"{name} {hashlib.sha256(path.read_bytes()).hexdigest()}" for name, path in sources(root).items()]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def contents(
    root: Path, results: Path, products: list[str], records: dict[str, str], study: dict[str, Any]
) -> dict[str, Path | bytes]:
    """The contents of an archive.

    Args:
        root: Root folder of the repository.
        results: Folder of the study.
        products: Frames, tables, figures, claims, report and provenance below ``results``. Their relative paths are
            kept.
        records: Files that say where the results come from, by their names in the archive; see ``tools.records``.
        study: The study as it was given, command line included. It can be resolved again with the registries.

    Returns:
        Paths, or bytes for files that exist only in the archive, by their name in the archive.
    """
    return {
        **sources(root),
        **{Path(os.path.relpath(path, results)).as_posix(): Path(path) for path in products},
        **{name: Path(path) for name, path in records.items()},
        STUDY: (json.dumps(study, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode(),
        COMMIT: (json.dumps({"commit": describe(root)["commit"]}) + "\n").encode(),
    }


def pack(archive: Path, folder: str, files: dict[str, Path | bytes]) -> None:
    """Write a tar.gz with the files and their digests in SHA256SUMS.

    The same files give the same bytes: they have an order, and times and owners are left out.

    Args:
        archive: The file to write.
        folder: Top folder in the archive.
        files: From ``contents``.
    """
    stored = {name: file if isinstance(file, bytes) else file.read_bytes() for name, file in files.items()}
    stored[CHECKSUMS] = checksums({name: hashlib.sha256(content).hexdigest() for name, content in stored.items()})
    with archive.open("wb") as raw, gzip.GzipFile("", "wb", mtime=0, fileobj=raw) as packed:
        write_tar(packed, folder, stored)


def checksums(digests: dict[str, str]) -> bytes:
    """SHA256SUMS of files with these digests, in the format of ``sha256sum``, sorted by name."""
    return "".join(f"{digests[name]}  {name}\n" for name in sorted(digests)).encode()


def write_tar(stream: IO[bytes], folder: str, files: dict[str, Path | bytes]) -> None:
    """Write the tar of an archive: the files by their names below ``folder``, without times and owners.

    Files of one kind stand together, such as the predictions of all runs: gzip then finds what they have in common, and
    an archive of runs takes half of the bytes that it takes sorted by folder.
    """
    with tarfile.open(mode="w", fileobj=stream, format=tarfile.PAX_FORMAT) as tar:
        for name in sorted(files, key=lambda name: (PurePosixPath(name).name, name)):
            content = files[name] if isinstance(files[name], bytes) else files[name].read_bytes()
            member = tarfile.TarInfo(f"{folder}/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
