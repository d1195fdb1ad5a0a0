"""Places the runs of an archive of ``make pack`` into the results of a study, where Snakemake takes them as finished.

``python -m glossbench.tools.import_pack ARCHIVE STUDY [--other-code]`` (``make import ARCHIVE=... STUDY=...``). ARCHIVE
may be a folder of archives. Prints a line for each run or search that is not taken, and why. Nothing that is there
already is changed.
"""

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd

from glossbench.errors import GlossbenchError
from glossbench.files import replacing
from glossbench.settings.files import OF_SEARCHES, card_file, evidence_files, run_folder, search_folder
from glossbench.settings.study import Study, load_study
from glossbench.settings.yaml_file import read_yaml
from glossbench.tools.imported import FOLDER, INDEX, PACKS, Expected, fits, read_index
from glossbench.tools.pack import FORMAT, MANIFEST, ROOT
from glossbench.tools.unpacking import compare_checksums, digest_of, unpacked

TIMES = ("timing.json", "timing.csv")  # differ from run to run


class Import:
    """Takes over what fits from an unpacked archive.

    Args:
        study: the study.
        results: its folder.
        source: folder of the unpacked archive.
        digest: SHA-256 of the archive.
        other_code: whether runs of other code are taken.
    """

    def __init__(self, study: Study, results: Path, source: Path, digest: str, other_code: bool):
        self.digest = digest
        self.study, self.results, self.source, self.other_code = study, results, source, other_code
        self.expected = Expected(study)
        faults, self.sound = compare_checksums(source)
        self.damaged = {fault.partition(": ")[0]: fault for fault in faults}
        self.index = read_index(results / FOLDER)
        self.refused: list[str] = []
        self.taken: list[str] = []
        self.agreed: set[str] = set()  # taken, or here already
        if MANIFEST not in self.sound:
            raise GlossbenchError(f"{MANIFEST}: missing or damaged; nothing was imported")
        manifest = json.loads((source / MANIFEST).read_text(encoding="utf-8"))
        if manifest.get("format") != FORMAT:
            raise GlossbenchError(f"{MANIFEST}: format {manifest.get('format')} found, expected {FORMAT}")
        self.origins = manifest["origins"]
        self.pack = {key: manifest[key] for key in ("study", "packed_by")}

    def run(self) -> None:
        """Take the searches, the runs whose search was taken, and the cards of the corpora; write the index."""
        known = set()
        for search in self.study.tuning_jobs():
            name = search_folder(search)
            known.add(name)
            self._consider(name, list(OF_SEARCHES), self.expected.of_search(search))
        for run in self.study.runs:
            name, search = run_folder(run), search_folder(self.study.search_of(run))
            if name in self.origins and search in known and search not in self.agreed:
                self.refused.append(f"{name}: its search {search} was not taken")
            else:
                self._consider(name, evidence_files(self.study, run), self.expected.of_run(run))
        known |= set(map(run_folder, self.study.runs))
        self.refused += [f"{name}: not in this study" for name in sorted(set(self.origins) - known)]
        for corpus in self.study.corpora:
            self._card(card_file(corpus))
        folder = self.results / FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        if self.taken:
            self._write(PACKS, {**read_index(folder, PACKS), self.digest: self.pack})
        self._write(INDEX, self.index)

    def _write(self, name: str, entries: dict[str, Any]) -> None:
        with replacing(self.results / FOLDER / name) as partial:
            partial.write_text(json.dumps(entries, indent=1, sort_keys=True) + "\n", encoding="utf-8")

    def _consider(self, name: str, files: list[str], wanted: dict[str, dict[str, str]]) -> None:
        """Take a run or search, if the archive has it, or say why not."""
        if name not in self.origins:
            return
        why = self._fault(name, files) or fits(self.origins[name], wanted, self.other_code)
        if why is None and (self.results / name / files[0]).is_file():
            why = self._differs(name, self.results / name, files)
        elif why is None:
            why = self._import(name, files)
        if why is None:
            self.agreed.add(name)
        else:
            self.refused.append(f"{name}: {why}")

    def _import(self, name: str, files: list[str]) -> str | None:
        """Place a run or search, unless it was imported before; why not, if that one differs."""
        if name in self.index and (self.results / FOLDER / name).is_dir():
            why = self._differs(name, self.results / FOLDER / name, files)
            if why is not None:
                return why
        else:
            self._place(name)
            self.taken.append(name)
        self.index[name] = {"origin": self.origins[name], "other_code": self.other_code}
        return None

    def _fault(self, name: str, files: list[str]) -> str | None:
        """What is wrong with the files of a run or search."""
        packed = {path.name for path in (self.source / name).iterdir()} if (self.source / name).is_dir() else set()
        for file in sorted({*files, *packed}):
            if f"{name}/{file}" in self.damaged:
                return self.damaged[f"{name}/{file}"].removeprefix(f"{name}/")
            if file not in packed:
                return f"{file}: missing"
        return _wrong_accuracy(self.source / name) if "metrics.json" in files else None

    def _differs(self, name: str, here: Path, files: list[str]) -> str | None:
        """The file of a run that is here already and differs from the archive's; seconds may differ."""
        for file in files:
            other = here / file
            if file in TIMES or not other.is_file():
                continue
            if other.read_bytes() != (self.source / name / file).read_bytes():
                return f"{file} differs from that of the run that is here already, which was kept"
        return None

    def _place(self, name: str) -> None:
        """Copy a folder as a whole."""
        target = self.results / FOLDER / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".import-", dir=target.parent) as scratch:
            copy = Path(scratch, target.name)
            shutil.copytree(self.source / name, copy)
            if target.exists():
                shutil.rmtree(target)  # left by an import that was killed before it wrote its index
            copy.rename(target)

    def _card(self, name: str) -> None:
        target = self.results / FOLDER / name
        if name in self.sound and not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            with replacing(target) as partial:
                shutil.copyfile(self.source / name, partial)


def _wrong_accuracy(folder: Path) -> str | None:
    """Whether the predictions of a run give the accuracy that its metrics state."""
    stated = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))["test_accuracy"]
    predictions = pd.read_parquet(folder / "predictions.parquet")
    found = (predictions["label"] == predictions["predicted"]).mean()
    return None if abs(found - stated) < 1e-9 else f"metrics.json: test_accuracy {stated}, its predictions give {found}"


def import_pack(archive: Path, study: Study, other_code: bool = False) -> Import:
    """Import what fits from an archive.

    Args:
        archive: from ``make pack``.
        study: the study to import into.
        other_code: whether to take runs that other code made.

    Returns:
        What was taken, what was there already, and a line for each run or search that was refused.

    Raises:
        GlossbenchError: the archive cannot be read. Nothing was imported.
    """
    with tempfile.TemporaryDirectory(prefix="glossbench-") as folder:
        source = unpacked(archive, Path(folder))
        work = Import(study, Path("results", study.name), source, digest_of(archive), other_code)
        work.run()
    return work


def main() -> int:
    """Import, and say what was not taken. Returns 1 if anything was refused."""
    parser = argparse.ArgumentParser(prog="make import", description=__doc__.splitlines()[0])
    parser.add_argument("archive", type=Path, help="an archive, or a folder of archives")
    parser.add_argument("study", nargs="?", default="config/config.yaml")
    parser.add_argument("--other-code", action="store_true")
    given = parser.parse_args()
    study = load_study(read_yaml(Path(given.study)), given.study, ROOT / "config")
    refused = 0
    for archive in sorted(given.archive.glob("*.tar.gz")) if given.archive.is_dir() else [given.archive]:
        work = import_pack(archive, study, given.other_code)
        for line in work.refused:
            print(f"not taken: {line}")
        here = len(work.agreed) - len(work.taken)
        print(f"{work.results / FOLDER}: {len(work.taken)} taken, {here} here already, {len(work.refused)} not taken")
        refused += len(work.refused)
    return int(bool(refused))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except GlossbenchError as error:
        sys.exit(f"glossbench: {error}")
