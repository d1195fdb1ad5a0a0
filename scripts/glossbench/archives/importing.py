"""Places the runs of an archive into the results of a study, where Snakemake takes them as finished.

Nothing that is there already is changed.
"""

import filecmp
import shutil
import tempfile
from collections.abc import Container
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from glossbench.archives.format import ABOUT, FORMAT, compare_checksums, unpacked
from glossbench.archives.index import INDEX, PACKS, read_index
from glossbench.archives.run_checks import RunChecks
from glossbench.checksums import sha256
from glossbench.errors import GlossbenchError
from glossbench.expected import Expected
from glossbench.files import read_json, write_json
from glossbench.settings.paths import IMPORTED_FOLDER, TRAINING_FILES, card_file
from glossbench.settings.study import Study

TIMES = (TRAINING_FILES["timing"], TRAINING_FILES["epoch_seconds"])  # differ from run to run


@dataclass
class ImportResult:
    """What became of the runs and searches of an archive; folders below that of the study."""

    taken: list[str] = field(default_factory=list)
    here: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)  # with the reason


def import_archive(archive: Path, study: Study, other_numerics: bool = False) -> ImportResult:
    """Import what fits into a study from an archive of ``make pack``, below ``results`` of the working directory.

    With ``other_numerics``, also runs of code that gives other numbers. GlossbenchError if it cannot be read.
    """
    found, results = ImportResult(), Path("results", study.name)
    target = results / IMPORTED_FOLDER
    with tempfile.TemporaryDirectory(prefix="glossbench-") as scratch:
        source = unpacked(archive, Path(scratch))
        try:
            about = about_archive(source, damaged := compare_checksums(source))
        except GlossbenchError as error:
            raise GlossbenchError(f"{archive}: {str(error).replace(f'{source}/', '')}") from None
        checks, index = RunChecks(Expected(study, Path()), source, about["inputs"], other_numerics), read_index(target)
        files = [file for pattern in ("runs/*/*/*/*/*", "tuning/*/*/*/*") for file in source.glob(pattern)]
        packed = {file.parent.relative_to(source).as_posix() for file in files}
        for item, (name, files) in checks.jobs.items():
            if name not in packed:
                continue
            search = checks.jobs.get(study.search_of(item), (name,))[0]
            made_here = (results / name / files[0]).is_file()
            here = results / name if made_here else target / name
            is_here = made_here or (name in index and here.is_dir())
            if search not in (name, *found.taken, *found.here):
                found.refused[name] = f"its search {search} was not taken"
            elif broken := next((file for file in damaged if file.startswith(f"{name}/")), None):
                found.refused[name] = f"{broken.removeprefix(f'{name}/')}: {damaged[broken]}"
            elif fault := checks.fault(item) or (_differing(here, source / name, files) if is_here else None):
                found.refused[name] = fault
            else:
                if not is_here:
                    _copy(source / name, here)
                if not made_here:
                    index[name] = checks.expected.digest(item)
                (found.here if is_here else found.taken).append(name)
        planned = {name for name, _ in checks.jobs.values()}
        found.refused |= dict.fromkeys(sorted(packed - planned), "not in this study")
        for name in map(card_file, study.corpora):
            if (source / name).is_file() and name not in damaged and not (target / name).exists():
                _copy(source / name, target / name)
    target.mkdir(parents=True, exist_ok=True)
    if found.taken:
        stated = {key: about[key] for key in ("study", "packed_by")}
        write_json(target / PACKS, {**read_index(target, PACKS), sha256(archive): stated})
    write_json(target / INDEX, index)
    return found


def about_archive(source: Path, damaged: Container[str] = ()) -> dict[str, Any]:
    """What an unpacked archive says of itself; GlossbenchError if it says nothing, or has another format.

    ``damaged`` are files whose checksums are not right.
    """
    if ABOUT in damaged or not (source / ABOUT).is_file():
        raise GlossbenchError(f"{ABOUT}: missing or damaged, so this was not made by make pack")
    try:
        about = read_json(source / ABOUT)
        fits = about["format"] == FORMAT and {"study", "inputs"} <= set(about) and "commit" in about["packed_by"]
    except (ValueError, TypeError, LookupError):
        fits = False
    if not fits:
        raise GlossbenchError(f"{ABOUT}: not as make pack writes it in format {FORMAT}")
    return about


def _differing(here: Path, packed: Path, files: list[str]) -> str | None:
    """The file of a run that is here already and differs from the archive's; seconds may differ."""
    for file in files:
        if file not in TIMES and (here / file).is_file() and not filecmp.cmp(here / file, packed / file, shallow=False):
            return f"{file} differs from that of the run that is here already, which was kept"
    return None


def _copy(source: Path, target: Path) -> None:
    """Copy a folder as a whole, or a file; what is there was left by an import that was killed before its index."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".import-", dir=target.parent) as scratch:
        copy = Path(scratch, target.name)
        (shutil.copytree if source.is_dir() else shutil.copyfile)(source, copy)
        if target.is_dir():
            shutil.rmtree(target)
        copy.rename(target)
