"""Checks that an archive of ``glossbench.tools.archive`` is complete, that its evidence follows from its frames, and
that it does not contradict itself.

``python -m glossbench.tools.verify ARCHIVE [--digest SHA256]`` (``make verify ARCHIVE=... DIGEST=...``) prints one line
per fault, and exits with 1 if there is any. Tables, figures, verdicts and the report are made again with the code of
this checkout. Use a checkout of the commit that commit.json names.
"""

import argparse
import re
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import astuple, dataclass, field
from pathlib import Path

import pandas as pd

from glossbench.errors import GlossbenchError
from glossbench.frames import CONTRACT, contract_violations
from glossbench.settings.files import card_file
from glossbench.settings.grid import Run
from glossbench.tools import stated
from glossbench.tools.archive import CHECKSUMS, CITATION, COMMIT, CRATE, LOCK, REGISTRIES, STUDY, WORKFLOW
from glossbench.tools.crate import crate
from glossbench.tools.imported import FOLDER, INDEX, PACKS
from glossbench.tools.packed import Packed, one_line
from glossbench.tools.rebuilding import Rebuilt
from glossbench.tools.records import manifest
from glossbench.tools.unpacking import around_the_files, compare_checksums, digest_of, listed_digests, unpacked

CHECKOUT = Path(__file__).parents[3]
# Files of the repository that every archive has: registries, schemas, the paper's numbers, captions and the lock.
SOURCES = re.compile(
    rf"config/({'|'.join(REGISTRIES)})\.yaml|config/schemas/[\w.-]+\.yaml|config/published/[\w.-]+|report/[\w-]+\.rst"
    rf"|{re.escape(LOCK)}|{re.escape(CITATION)}|{WORKFLOW}|rules/[\w-]+\.smk"
)
PRODUCTS = (
    "report.html", "provenance.json", "claims.json", "claims.md", "significance.csv", "significance.json",
)  # fmt: skip


@dataclass
class Verdict:
    """What is wrong with an archive, and what could not be checked; one line each."""

    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def verify(archive: Path, digest: str | None = None) -> Verdict:
    """Check an archive.

    A file whose content changed is reported once. Files that are made from it are not checked.

    Args:
        archive: The tar.gz.
        digest: Its SHA-256 as a paper or a tag states it, or None.

    Returns:
        Its faults, none if the archive is sound, and notes.
    """
    verdict = Verdict()
    try:
        with tempfile.TemporaryDirectory(prefix="glossbench-") as folder:
            root = unpacked(archive, Path(folder))
            if digest is not None and (found := digest_of(archive)) != digest.lower():
                verdict.faults.append(f"{archive}: its sha256 is {found}, not {digest}")
            verdict.faults += around_the_files(archive, root)
            faults, sound = compare_checksums(root)
            verdict.faults += faults
            _contents(root, sound, verdict)
    except GlossbenchError as error:
        verdict.faults.append(str(error))
    return verdict


def _contents(root: Path, sound: set[str], verdict: Verdict) -> None:
    """Check the contents of files. Only sound files that are made from sound files are checked."""
    names = {*listed_digests(root / CHECKSUMS), *_under(root, "config")}
    config = {name for name in names if name.startswith("config/")}
    if not config <= sound:
        return  # already reported, and the other checks need the study
    try:
        packed = Packed(root, sound)
    except Exception as error:  # registries and schemas in an archive may contain anything
        verdict.faults.append(one_line(str(error).replace(f"{root}/", "")))
        return
    verdict.faults += _files(packed)
    broken = list(_frames(packed))
    verdict.faults += broken
    verdict.faults += _planned(packed)
    if not broken:
        for check in (stated.provenance, stated.recipes, stated.inputs):
            verdict.faults += _guarded(check, packed)
        faults, notes = stated.at_commit(packed, filter(SOURCES.fullmatch, sound), CHECKOUT)
        verdict.faults += faults
        verdict.notes += [*notes, *stated.other_code(packed)]
    rebuilt = Rebuilt(packed)
    verdict.faults += rebuilt.faults()
    if rebuilt.pictures_not_compared:
        count = rebuilt.pictures_not_compared
        verdict.notes.append(f"{count} pictures were not drawn again: they were made with other versions of libraries")
    if not verdict.faults:  # the description is made from all files
        verdict.faults += _guarded(_described, packed)


def _under(root: Path, folder: str) -> list[str]:
    return [path.relative_to(root).as_posix() for path in (root / folder).rglob("*") if path.is_file()]


def _guarded(check: Callable[[Packed], Iterable[str]], packed: Packed) -> Iterator[str]:
    """The faults that a check finds; one more if the archive's content is not what the check can read."""
    try:
        yield from check(packed)
    except GlossbenchError as error:
        yield str(error)
    except Exception as error:  # json in an archive may contain anything
        yield f"{check.__name__}: cannot be checked: {type(error).__name__}: {one_line(error)}"


def _described(packed: Packed) -> Iterator[str]:
    """Faults of the description as a crate: not what it would be if it was made of these files."""
    if (packed.root / CRATE).read_bytes() != crate(packed):
        yield f"{CRATE}: does not describe the packed files"


def _files(packed: Packed) -> Iterator[str]:
    """Faults for files that an archive of this study must have and has not, or has and must not have."""
    expected = {
        *PRODUCTS,
        *(f"{name}.parquet" for name in packed.study.frames),
        STUDY,
        LOCK,
        CITATION,
        WORKFLOW,
        CRATE,
        COMMIT,
    }
    expected |= {file for output in packed.outputs for file in output.files}
    expected |= {f"report/{output.key}.rst" for output in packed.outputs}
    possible = set()
    for member in packed.members:
        expected |= {member.file, *(f"{member.place}{card_file(corpus)}" for corpus in member.study.corpora)}
        expected |= {f"{member.place}provenance.json"}
        possible |= {f"{member.place}{FOLDER}/{name}" for name in (INDEX, PACKS)}
        possible |= {manifest("corpora", key) for key in member.study.corpora}
        possible |= {manifest("encoders", key) for key in member.study.encoders}
    listed = set(listed_digests(packed.root / CHECKSUMS))
    for name in sorted(expected - listed):
        if not (packed.root / name).is_file():
            yield f"{name}: missing, the study has it"
    for name in sorted(packed.sound - expected - possible):
        if not SOURCES.fullmatch(name):
            what = "table or figure" if name.startswith(("tables/", "figures/")) else "file"
            yield f"{name}: no {what} of this study"


def _frames(packed: Packed) -> Iterator[str]:
    for name in CONTRACT:
        if f"{name}.parquet" in packed.sound:
            try:
                faults = contract_violations(name, pd.read_parquet(packed.root / f"{name}.parquet"))
            except Exception as error:  # reading a file that is not Parquet may raise anything
                faults = [f"cannot be read: {one_line(error)}"]
            yield from (f"{name}.parquet: {fault}" for fault in faults)


def _planned(packed: Packed) -> Iterator[str]:
    """Faults of the runs: one that the study does not plan, or planned runs that are missing."""
    frames = [packed.frame(name) for name in ("coverage", "runs")]
    if any(frame is None for frame in frames):
        return
    try:
        coverage, runs = map(_runs_of, frames)
    except Exception:  # the frame breaks its contract, which is already reported
        return
    planned = set(packed.study.runs)
    for name, odd in {"coverage": coverage ^ planned, "runs": runs - planned}.items():
        if odd:
            first = " ".join(map(str, astuple(min(odd))))
            yield f"{name}.parquet: not the runs that {STUDY} plans: {len(odd)} differ, the first {first}"
    unfinished = len(planned - runs)
    if unfinished and not runs - planned:
        yield f"runs.parquet: {unfinished} of {len(planned)} planned runs are missing"


def _runs_of(frame: pd.DataFrame) -> set[Run]:
    columns = [frame[key] for key in ("corpus", "encoder", "objective", "seed")]
    return {Run(*map(str, keys), int(seed)) for *keys, seed in zip(*columns, strict=True)}


def main() -> int:
    """Check, and print faults, notes and the digest. Returns 1 if anything is wrong."""
    parser = argparse.ArgumentParser(prog="make verify", description=__doc__.split(".")[0])
    parser.add_argument("archive", type=Path)
    parser.add_argument("--digest", help="its sha256, as the paper or the tag states it")
    given = parser.parse_args()
    verdict = verify(given.archive, given.digest)
    for fault in verdict.faults:
        print(f"glossbench: {fault}", file=sys.stderr)
    if verdict.faults:
        return 1
    for note in verdict.notes:
        print(f"note: {note}")
    print(f"{given.archive}: sound; tables, figures, verdicts and the report follow from its frames")
    print(f"sha256 {digest_of(given.archive)}" + (", as expected" if given.digest else ""))
    return 0


if __name__ == "__main__":
    sys.exit(main())
