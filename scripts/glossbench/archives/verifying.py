"""Checks that an archive is complete and unchanged, and that its evidence follows from its runs.

Frames, tables, figures, verdicts and the report are made again with the code and the registries of this checkout. Use a
checkout of the commit that the archive names.
"""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from glossbench.archives.crate import crate
from glossbench.archives.format import (
    ABOUT,
    CRATE,
    LOCK,
    STUDY,
    compare_checksums,
    container_faults,
    files_in,
    sources,
    unpacked,
)
from glossbench.archives.importing import about_archive
from glossbench.archives.index import PACKS
from glossbench.archives.packing import EMBEDDINGS, evidence_of
from glossbench.archives.rebuilding import PICTURES, difference, differing_columns, make_evidence, make_frames
from glossbench.archives.run_checks import RunChecks
from glossbench.checksums import CHECKSUMS, read_checksums, sha256
from glossbench.data.entries import digests
from glossbench.errors import GlossbenchError
from glossbench.expected import Expected, files_of_jobs
from glossbench.files import read_json
from glossbench.provenance import NUMERICS, commit, versions
from glossbench.settings.outputs import load_outputs
from glossbench.settings.paths import IMPORTED_FOLDER, card_file, manifest_file
from glossbench.settings.study import load_study
from glossbench.settings.yaml_file import read_yaml

# With other versions of these a picture has other bytes.
DRAWN_WITH = ("numpy", "pandas", "matplotlib", "seaborn", "pillow", "fonttools", "zlib")


@dataclass
class Verdict:
    """What is wrong with an archive, and what could not be checked, one line each; and whether it has evidence."""

    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    whole: bool = False


def verify(archive: Path, root: Path, digest: str | None = None) -> Verdict:
    """Check an archive; ``digest`` is its SHA-256 as a paper or a tag states it.

    What is made from a damaged file is not checked.
    """
    verdict, packed = Verdict(), None
    try:
        with tempfile.TemporaryDirectory(prefix="glossbench-") as folder:
            top = unpacked(archive, Path(folder))
            if digest is not None and (found := sha256(archive)) != digest.lower():
                verdict.faults.append(f"{archive}: its sha256 is {found}, not {digest}")
            verdict.faults += container_faults(archive, top)
            damaged = compare_checksums(top)
            verdict.faults += [f"{name}: {text}" for name, text in damaged.items()]
            if not damaged:
                packed = about_archive(top)["packed_by"]["commit"]
                _Check(top, root, verdict).run()
    except GlossbenchError as error:
        verdict.faults.append(str(error).replace(f"{folder}/", ""))
    except Exception as error:  # an archive may contain anything
        verdict.faults.append(f"{archive}: cannot be checked: {type(error).__name__}: {' '.join(str(error).split())}")
    if verdict.faults and packed not in (None, here := commit(root)):
        verdict.faults.append(f"packed at the commit {packed}, this checkout is {here}")
    return verdict


class _Check:
    """Checks an unpacked archive whose checksums are right."""

    def __init__(self, folder: Path, root: Path, verdict: Verdict):
        self.folder, self.root, self.verdict = folder, root, verdict
        self.about = about_archive(folder)
        self.study = load_study(read_yaml(folder / STUDY), STUDY, root / "config")
        self.files = files_in(folder)
        self.whole = CRATE in self.files or any(name.endswith(".parquet") for name in self.files if "/" not in name)
        verdict.whole = self.whole

    def run(self) -> None:
        """Check the files, the runs and, if it has evidence, that this follows from them."""
        faults = self.verdict.faults
        faults += [*self._contents(), *self._runs()]
        if not self.whole:
            self.verdict.notes.append("it has no evidence; make study makes it when all runs are there")
        if faults or not self.whole:
            return
        faults += self._sources()
        faults += [*self._frames()] or self._evidence()
        faults += self._manifests()
        if not faults and self.files[CRATE].read_bytes() != crate(self.study, self.files):
            faults.append(f"{CRATE}: does not describe the packed files")

    def _contents(self) -> Iterator[str]:
        """Faults for files that an archive of this study must have and has not, or has and must not have."""
        jobs, cards = dict(files_of_jobs(self.study).values()), {card_file(corpus) for corpus in self.study.corpora}
        finished = {name: files for name, files in jobs.items() if self.whole or f"{name}/{files[0]}" in self.files}
        expected = {f"{name}/{file}" for name, files in finished.items() for file in files} | {ABOUT, STUDY, CHECKSUMS}
        possible = {f"{name}/{file}" for name in jobs for file in EMBEDDINGS}
        possible |= {f"{IMPORTED_FOLDER}/{PACKS}"} | cards | {manifest_file(kind, key) for kind, key in self._inputs()}
        if self.whole:
            expected |= {*evidence_of(self.study, self.root), *sources(self.root), CRATE, *cards}
        yield from (f"{name}: missing, the study has it" for name in sorted(expected - set(self.files)))
        for name in sorted(set(self.files) - expected - possible):
            what = "table or figure" if name.startswith(("tables/", "figures/")) else "file"
            yield f"{name}: no {what} of this study"

    def _inputs(self) -> list[tuple[str, str]]:
        return [(kind, key) for kind in ("corpora", "encoders") for key in getattr(self.study, kind)]

    def _runs(self) -> Iterator[str]:
        """Faults of runs and searches: not what the packed study gives."""
        checks = RunChecks(Expected(self.study), self.folder, self.about["inputs"], other_numerics=True)
        for item, (name, _) in checks.jobs.items():
            if (self.folder / name).is_dir() and (fault := checks.fault(item)):
                yield f"{name}: {fault}"
        if checks.others:
            note = f"{checks.others} runs were made with other numerics than {NUMERICS}, those of this code"
            self.verdict.notes.append(note)

    def _sources(self) -> Iterator[str]:
        """Faults of registries, captions, workflow and lock: not those of this checkout."""
        for name, path in sources(self.root).items():
            if self.files[name].read_bytes() != path.read_bytes():
                yield f"{name}: not that of this checkout"

    def _frames(self) -> Iterator[str]:
        """Faults of the frames. On other processors t-SNE gives other coordinates; these are not compared."""
        for name, made in make_frames(self.study, self.folder).items():
            file = f"{name}.parquet"
            try:
                odd = differing_columns(self.files[file], made)
            except Exception as error:  # reading a file that is not Parquet may raise anything
                yield f"{file}: cannot be read: {' '.join(str(error).split())}"
                continue
            if name == "projections" and odd and set(odd) <= {"x", "y"}:
                self.verdict.notes.append(f"{file}: other coordinates are made here; they were not compared")
            elif odd:
                yield f"{file}: does not follow from the runs: {', '.join(odd[:3])}"

    def _evidence(self) -> Iterator[str]:
        """Faults of tables, figures, tests, verdicts and the report."""
        provenance = {**read_json(self.folder / "provenance.json"), "lock": sha256(self.folder / LOCK)}
        here = versions()
        if not (draw := all(provenance["packages"].get(name) == here[name] for name in DRAWN_WITH)):
            pictures = sum(name.endswith(PICTURES) for name in self.files)
            note = f"{pictures} pictures were not drawn again: they were made with other versions of libraries"
            self.verdict.notes.append(note)
        computed = {f"figures/{one.key}.csv" for one in load_outputs(self.root / "config") if not one.reads}
        source_lists = {
            name: path for name, path in self.files.items() if name.startswith(("resources/", f"{IMPORTED_FOLDER}/"))
        }
        kept = {key: value for key, value in provenance.items() if key not in ("study", "runs")}
        for name, wanted in make_evidence(self.study, self.folder, self.root, kept, source_lists, draw):
            if fault := difference(name, self.files[name].read_bytes(), wanted, close=name in computed):
                yield f"{name}: {fault}"

    def _manifests(self) -> Iterator[str]:
        """Faults of lists of fetched files: one that lacks a file that the registry names by its digest."""
        for kind, key in self._inputs():
            name, entry = manifest_file(kind, key), self.study.entry(kind, key)
            if name in self.files:
                wanted = set() if "hub" in entry or "wheel" in entry else set(digests(entry).values())
                if missing := wanted - set(read_checksums(self.files[name]).values()):
                    yield f"{name}: does not list {len(missing)} of the files of the registry (sha256)"
            elif f"{IMPORTED_FOLDER}/{PACKS}" not in self.files:
                yield f"{name}: missing, and no run was imported"
