"""Checks that an archive of ``glossbench.tools.archive`` is complete, and that its tables follow from its frames.

``python -m glossbench.tools.verify ARCHIVE`` (``make verify ARCHIVE=...``) prints one line per fault, and exits with 1
if there is any. Tables, figures and verdicts are made again with the code of this checkout. Use a checkout of the
commit that provenance.json names.
"""

import json
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import astuple
from pathlib import Path
from typing import Any

import pandas as pd

from glossbench.errors import GlossbenchError
from glossbench.evidence.build import JUDGED, TESTED, Evidence
from glossbench.frames import CONTRACT, contract_violations
from glossbench.study.grid import Run
from glossbench.study.names import names_of
from glossbench.study.outputs import Output, load_claims, load_outputs, read_caption
from glossbench.study.study import Study, canonical, load_study
from glossbench.study.yaml_file import read_yaml
from glossbench.tools.archive import CHECKSUMS, LOCK, STUDY
from glossbench.tools.unpacking import compare_checksums, digest_of, listed_digests, unpacked

SHOWN = 60  # characters of a differing line that are shown


def verify(archive: Path) -> list[str]:
    """List every fault of an archive.

    A file whose content changed is reported once. Files that are made from it are not checked.

    Args:
        archive: The tar.gz.

    Returns:
        One line per fault; empty if the archive is sound.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="glossbench-") as folder:
            root = unpacked(archive, Path(folder))
            faults, sound = compare_checksums(root)
            return [*faults, *_contents(root, sound)]
    except GlossbenchError as error:
        return [str(error)]


def _contents(root: Path, sound: set[str]) -> Iterator[str]:
    """Faults in the contents of files. Only sound files that are made from sound files are checked."""
    names = {*listed_digests(root / CHECKSUMS), *_under(root, "config")}
    config = {name for name in names if name.startswith("config/")}
    if not config <= sound:
        return  # already reported, and the other checks need the study
    try:
        study = load_study(read_yaml(root / STUDY), STUDY, root / "config")
        outputs = [output for output in load_outputs(root / "config") if output.fillable(study)]
    except Exception as error:  # registries and schemas in an archive may contain anything
        yield _one_line(str(error).replace(f"{root}/", ""))
        return
    yield from _missing(root, study, outputs)
    yield from _frames(root, sound)
    yield from _manifests(root, sound)
    yield from _planned(root, study, sound)
    yield from _provenance(root, study, sound)
    yield from _derived(root, study, outputs, sound)


def _under(root: Path, folder: str) -> list[str]:
    return [path.relative_to(root).as_posix() for path in (root / folder).rglob("*") if path.is_file()]


def _missing(root: Path, study: Study, outputs: list[Output]) -> Iterator[str]:
    """Faults for files that an archive of this study must have and that SHA256SUMS does not list either."""
    expected = {
        "provenance.json",
        "claims.json",
        "significance.csv",
        *(f"{name}.parquet" for name in study.frames),
    }
    expected |= {file for output in outputs for file in output.files}
    expected |= {f"resources/corpora/{corpus}/SHA256SUMS" for corpus in study.corpora}
    expected |= {f"resources/encoders/{encoder}/SHA256SUMS" for encoder in study.encoders}
    listed = listed_digests(root / CHECKSUMS)
    for name in sorted(expected - set(listed)):
        if not (root / name).is_file():
            yield f"{name}: missing, the study has it"


def _frames(root: Path, sound: set[str]) -> Iterator[str]:
    for name in CONTRACT:
        if f"{name}.parquet" in sound:
            try:
                faults = contract_violations(name, pd.read_parquet(root / f"{name}.parquet"))
            except Exception as error:  # reading a file that is not Parquet may raise anything
                faults = [f"cannot be read: {_one_line(error)}"]
            yield from (f"{name}.parquet: {fault}" for fault in faults)


def _manifests(root: Path, sound: set[str]) -> Iterator[str]:
    """Faults of the lists of input files: wrong format, or no files."""
    for name in sorted(sound):
        if name.startswith("resources/"):
            try:
                if not listed_digests(root / name):
                    yield f"{name}: lists no file"
            except GlossbenchError as error:
                yield f"{name}: {str(error).partition(': ')[2]}"


def _planned(root: Path, study: Study, sound: set[str]) -> Iterator[str]:
    """Faults of the runs: one that the study does not plan, or planned runs that are missing."""
    if not {"coverage.parquet", "runs.parquet"} <= sound:
        return
    try:
        coverage, runs = (_runs_of(pd.read_parquet(root / f"{name}.parquet")) for name in ("coverage", "runs"))
    except Exception:  # the frame breaks its contract, which is already reported
        return
    planned = set(study.runs)
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


def _provenance(root: Path, study: Study, sound: set[str]) -> Iterator[str]:
    if "provenance.json" not in sound:
        return
    try:
        provenance = json.loads((root / "provenance.json").read_text(encoding="utf-8"))
        lock, name = provenance["lock"], provenance["study"]
    except (ValueError, KeyError, TypeError) as error:
        yield f"provenance.json: cannot be read: {_one_line(error)}"
        return
    if LOCK in sound and lock != digest_of(root / LOCK):
        yield f"provenance.json: its lock is not the digest of {LOCK}"
    if name != study.name:
        yield f"provenance.json: of study {_one_line(name)}, but {STUDY} is of {study.name}"


def _derived(root: Path, study: Study, outputs: list[Output], sound: set[str]) -> Iterator[str]:
    """Faults of tables, data of figures, tests and verdicts: differences from those made again from the frames."""
    by_stem = {f"{output.kind}s/{output.key}": output for output in outputs}
    for name in sorted(name for name in sound if name.startswith(("tables/", "figures/"))):
        if name.rpartition(".")[0] not in by_stem:
            yield f"{name}: no table or figure of this study"
    rebuilt = _Rebuilt(root, study, sound)
    for stem, output in by_stem.items():
        if output.reads:  # the diagram of the method reads nothing and does not depend on runs
            yield from rebuilt.compare(stem, rebuilt.parents(output), lambda one=output: rebuilt.texts(one))
    yield from rebuilt.compare(
        "significance", rebuilt.files(TESTED, published=True), lambda: rebuilt.evidence(TESTED).significance()
    )
    parents = [*rebuilt.files(JUDGED, published=True), "config/claims.yaml"]
    registry = json.loads(canonical(load_claims(root / "config")))
    yield from rebuilt.compare("claims", parents, lambda: rebuilt.evidence(JUDGED).claims(registry), first="json")


class _Rebuilt:
    """Makes evidence again from the frames of an archive, and compares it with the packed files."""

    def __init__(self, root: Path, study: Study, sound: set[str]):
        self.root, self.study, self.sound = root, study, sound
        self.names = names_of(study, root / "config")

    def evidence(self, frames: Iterable[str]) -> Evidence:
        """Evidence from these frames, as far as the study has them."""
        paths = {name: self.root / f"{name}.parquet" for name in frames if name in self.study.frames}
        return Evidence.read(paths, self.root / "config/published", self.names)

    def files(self, frames: Iterable[str], published: bool) -> list[str]:
        """The files of these frames that the study has, and of the paper's numbers if ``published``."""
        numbers = sorted((self.root / "config/published").glob("*.csv")) if published else []
        return [
            *(f"{name}.parquet" for name in frames if name in self.study.frames),
            *(path.relative_to(self.root).as_posix() for path in numbers),
        ]

    def parents(self, output: Output) -> list[str]:
        """The files that a table or figure is made from."""
        return [*self.files(output.frames_in(self.study), output.published), f"report/{output.key}.rst"]

    def texts(self, output: Output) -> dict[str, str]:
        """The texts of a table or a figure by ending."""
        evidence = self.evidence(output.frames_in(self.study))
        make = evidence.table if output.kind == "table" else evidence.figure_texts
        return make(output.specification(), read_caption(self.root, output.key))

    def compare(
        self, stem: str, parents: list[str], make: Callable[[], dict[str, str]], first: str = "csv"
    ) -> Iterator[str]:
        """Faults of the files ``{stem}.*``. They are not checked if a file that they are made from is not sound.

        Args:
            stem: Path without ending, relative to the archive's top folder.
            parents: Files that they are made from.
            make: Returns the expected texts by ending.
            first: Ending of the file that is reported if ``make`` fails.
        """
        if not set(parents) <= self.sound:
            return
        try:
            texts = make()
        except Exception as error:  # frames in an archive may contain anything
            yield f"{stem}.{first}: cannot be made from {parents[0]}: {type(error).__name__}: {_one_line(error)}"
            return
        for ending, text in texts.items():
            file = f"{stem}.{ending}"
            if file in self.sound and (packed := (self.root / file).read_bytes()) != text.encode():
                yield f"{file}: does not follow from the frames: {_difference(packed, text)}"


def _difference(packed: bytes, text: str) -> str:
    """The first difference between two texts."""
    lines, wanted = packed.decode("utf-8", errors="replace").split("\n"), text.split("\n")
    for place, (line, other) in enumerate(zip(lines, wanted, strict=False), start=1):
        if line != other:
            start = next((at for at, pair in enumerate(zip(line, other, strict=False)) if pair[0] != pair[1]), 0)
            start = max(0, start - SHOWN // 3)
            return f"line {place}: …{line[start : start + SHOWN]} where …{other[start : start + SHOWN]} was expected"
    return f"{len(lines)} lines where {len(wanted)} were expected"


def _one_line(value: Any) -> str:
    return " ".join(str(value).split())


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("glossbench: python -m glossbench.tools.verify ARCHIVE: the archive of one study was expected")
    faults = verify(Path(sys.argv[1]))
    for fault in faults:
        print(f"glossbench: {fault}", file=sys.stderr)
    if faults:
        sys.exit(1)
    print(f"{sys.argv[1]}: sound; every table, figure's data and verdict follows from its frames")
    print(f"sha256 {digest_of(Path(sys.argv[1]))}")
