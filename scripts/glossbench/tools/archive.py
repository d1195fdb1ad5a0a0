"""One archive of all that a study's evidence stands on, for an appendix that others can check.

``glossbench.tools.verify`` is what checks it. Nothing heavy in here: a rule asks for ``sources_digest`` while the
workflow is parsed.
"""

import gzip
import hashlib
import io
import json
import os
import tarfile
from pathlib import Path
from typing import Any

CHECKSUMS = "SHA256SUMS"
STUDY = "config/study.json"
LOCK = "envs/requirements.txt"
REGISTRIES = ("corpora", "encoders", "objectives", "presets", "outputs", "claims")


def sources(root: Path) -> dict[str, Path]:
    """The repository's files that go along, by their name in the archive: registries, schemas, lock, captions.

    Raises FileNotFoundError where one of the registries is missing.
    """
    config = root / "config"
    found = [config / f"{name}.yaml" for name in REGISTRIES]
    found += [*config.glob("schemas/*.yaml"), *config.glob("published/*"), *root.glob("report/*.rst"), root / LOCK]
    return {path.relative_to(root).as_posix(): path for path in sorted(found)}


def sources_digest(root: Path) -> str:
    """Digest of those files' names and contents."""
    parts = [f"{name} {hashlib.sha256(path.read_bytes()).hexdigest()}" for name, path in sources(root).items()]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def contents(
    root: Path, results: Path, products: list[str], manifests: list[str], study: dict[str, Any]
) -> dict[str, Path | bytes]:
    """Every file of the archive by its name there, or the bytes of one that stands nowhere else.

    root: the repository. results: the folder of the study, below which ``products`` lie (frames, tables, figures,
    claims, report, provenance), relative paths kept. manifests: SHA256SUMS of each corpus and encoder, kept below
    resources/. study: as it was given, command line included; enough to resolve it again with the registries.
    """
    described = json.dumps(study, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    inputs = {"/".join(("resources", *path.parts[-3:])): path for path in map(Path, manifests)}
    return {
        **sources(root),
        **{Path(os.path.relpath(path, results)).as_posix(): Path(path) for path in products},
        **inputs,
        STUDY: described.encode(),
    }


def pack(archive: Path, folder: str, files: dict[str, Path | bytes]) -> None:
    """Write a tar.gz with ``folder`` at its top and the digests of all files in SHA256SUMS.

    The same files give the same bytes: names sorted, no times, no owners.
    """
    stored = {name: what if isinstance(what, bytes) else what.read_bytes() for name, what in files.items()}
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in stored.items()}
    stored[CHECKSUMS] = "".join(f"{digests[name]}  {name}\n" for name in sorted(digests)).encode()
    with (
        archive.open("wb") as raw,
        gzip.GzipFile("", "wb", mtime=0, fileobj=raw) as packed,
        tarfile.open(mode="w", fileobj=packed, format=tarfile.PAX_FORMAT) as tar,
    ):
        for name in sorted(stored):
            member = tarfile.TarInfo(f"{folder}/{name}")
            member.size = len(stored[name])
            tar.addfile(member, io.BytesIO(stored[name]))
