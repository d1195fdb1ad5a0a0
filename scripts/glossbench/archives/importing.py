"""Places the runs of an archive into the results of a study, where Snakemake takes them as finished.

Nothing that is there already is changed.
"""

import json
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from glossbench.archives.format import ABOUT, FORMAT, compare_checksums, unpacked
from glossbench.archives.imported import FOLDER, INDEX, PACKS, read_index
from glossbench.archives.judging import Judge
from glossbench.errors import GlossbenchError
from glossbench.files import read_json, replacing, sha256
from glossbench.settings.files import OF_SEARCHES, card_file, evidence_files, run_folder, search_folder
from glossbench.settings.study import Study
from glossbench.settings.study_file import Run, TuningJob

TIMES = ("timing.json", "timing.csv")  # differ from run to run


@dataclass
class Imported:
    """What became of the runs and searches of an archive; folders below that of the study."""

    taken: list[str] = field(default_factory=list)
    here: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)  # with the reason


def import_archive(archive: Path, study: Study, other_numerics: bool = False) -> Imported:
    """Import what fits from an archive into ``results`` of the current working directory.

    Args:
        archive: From ``make pack``.
        study: The study to import into.
        other_numerics: Whether to take runs of code that gives other numbers.

    Raises:
        GlossbenchError: The archive cannot be read. Nothing was imported.
    """
    with tempfile.TemporaryDirectory(prefix="glossbench-") as folder:
        source = unpacked(archive, Path(folder))
        work = _Import(study, source, about_archive(source), other_numerics)
        work.run(sha256(archive))
    return work.found


def about_archive(source: Path) -> dict[str, Any]:
    """What an unpacked archive says of itself.

    Raises:
        GlossbenchError: It does not say it, or has another format.
    """
    if ABOUT in compare_checksums(source) or not (source / ABOUT).is_file():
        raise GlossbenchError(f"{ABOUT}: missing or damaged, so this is no archive of make pack")
    about = read_json(source / ABOUT)
    if about.get("format") != FORMAT:
        raise GlossbenchError(f"{ABOUT}: format {about.get('format')} found, expected {FORMAT}")
    return about


class _Import:
    """Takes over what fits from an unpacked archive."""

    def __init__(self, study: Study, source: Path, about: dict[str, Any], other_numerics: bool):
        self.study, self.source, self.about = study, source, about
        self.results = Path("results", study.name)
        self.folder = self.results / FOLDER
        self.judge = Judge(study, source, about["inputs"], other_numerics)
        self.damaged = compare_checksums(source)
        self.index = read_index(self.folder)
        self.found = Imported()

    def run(self, digest: str) -> None:
        """Take the searches, the runs whose search was taken, and the cards of the corpora; write the index."""
        packed = {path.parent.relative_to(self.source).as_posix() for path in self.source.glob("runs/*/*/*/*/*")}
        packed |= {path.parent.relative_to(self.source).as_posix() for path in self.source.glob("tuning/*/*/*/*")}
        searches = {search_folder(search): search for search in self.study.tuning_jobs()}
        for name, search in searches.items():
            if name in packed:
                self._consider(name, search, list(OF_SEARCHES))
        for run in self.study.runs:
            name, search = run_folder(run), search_folder(self.study.search_of(run))
            if name in packed and search in searches and search not in {*self.found.taken, *self.found.here}:
                self.found.refused[name] = f"its search {search} was not taken"
            elif name in packed:
                self._consider(name, run, evidence_files(self.study, run))
        planned = {*searches, *map(run_folder, self.study.runs)}
        self.found.refused |= dict.fromkeys(sorted(packed - planned), "not in this study")
        for name in map(card_file, self.study.corpora):
            if (self.source / name).is_file() and name not in self.damaged and not (self.folder / name).exists():
                self._copy(name)
        if self.found.taken:
            packs = read_index(self.folder, PACKS)
            self._write(PACKS, {**packs, digest: {key: self.about[key] for key in ("study", "packed_by")}})
        self._write(INDEX, self.index)

    def _consider(self, name: str, item: Run | TuningJob, files: list[str]) -> None:
        """Take a run or search, or keep the one that is here, or say why not."""
        damaged = [fault for fault in self.damaged if fault.startswith(f"{name}/")]
        if damaged:
            why = f"{damaged[0].removeprefix(f'{name}/')}: {self.damaged[damaged[0]]}"
        else:
            why = self.judge.fault(item)
        made_here = (self.results / name / files[0]).is_file()
        imported = name in self.index and (self.folder / name).is_dir()
        if why is None and (made_here or imported):
            why = self._differs(name, self.results / name if made_here else self.folder / name, files)
        if why is not None:
            self.found.refused[name] = why
            return
        if not made_here and not imported:
            self._copy(name)
        if not made_here:
            self.index[name] = self.judge.expected.digest(item)
        (self.found.here if made_here or imported else self.found.taken).append(name)

    def _differs(self, name: str, here: Path, files: list[str]) -> str | None:
        """The file of a run that is here already and differs from the archive's; seconds may differ."""
        for file in files:
            other = here / file
            same = (
                file in TIMES or not other.is_file() or other.read_bytes() == (self.source / name / file).read_bytes()
            )
            if not same:
                return f"{file} differs from that of the run that is here already, which was kept"
        return None

    def _copy(self, name: str) -> None:
        """Copy a folder as a whole, or a file."""
        target = self.folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".import-", dir=target.parent) as scratch:
            copy = Path(scratch, target.name)
            (shutil.copytree if (self.source / name).is_dir() else shutil.copyfile)(self.source / name, copy)
            if target.is_dir():
                shutil.rmtree(target)  # left by an import that was killed before it wrote its index
            copy.rename(target)

    def _write(self, name: str, entries: dict[str, Any]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        with replacing(self.folder / name) as partial:
            partial.write_text(json.dumps(entries, indent=1, sort_keys=True) + "\n", encoding="utf-8")
