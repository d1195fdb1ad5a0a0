"""Packs a study: its finished runs and searches and, where all of it is there, the evidence made from them.

Of a run the archive has what evidence is made from: metrics, epochs, predictions, seconds and settings. ``make import``
places the runs elsewhere, and ``make verify`` makes the evidence again from them.
"""

import json
from pathlib import Path
from typing import Any

from glossbench.archives.crate import crate
from glossbench.archives.format import ABOUT, CRATE, EVIDENCE, FORMAT, STUDY, sources, write_archive
from glossbench.archives.imported import FOLDER, PACKS, Expected, imported, records
from glossbench.errors import GlossbenchError
from glossbench.provenance import describe
from glossbench.settings.files import OF_SEARCHES, card_file, evidence_files, run_folder, search_folder
from glossbench.settings.outputs import load_outputs
from glossbench.settings.study import Study

EMBEDDINGS = ("embeddings.npz", "logits.npz")


def pack(study: Study, given: dict[str, Any], archive: Path, root: Path, embeddings: bool = False) -> tuple[int, bool]:
    """Write the archive of a study in the current working directory.

    Args:
        study: The study.
        given: The study as it was given, command line included.
        archive: The file to write.
        root: Root folder of the repository.
        embeddings: Whether to pack the embeddings and logits of all runs, not only those that figures show.

    Returns:
        The number of runs in it, and whether it has the evidence.

    Raises:
        GlossbenchError: No run has finished.
    """
    results = Path("results", study.name)
    files, n_runs = _runs(study, results, embeddings)
    about = {"format": FORMAT, "study": study.name, "inputs": Expected(study).inputs, "packed_by": describe(root)}
    files |= {ABOUT: json_text(about), STUDY: json_text(given)}
    evidence = {name: results / name for name in evidence_of(study, root)}
    whole = n_runs == len(study.runs) and all(path.is_file() for path in evidence.values())
    if whole:
        stated = {name: Path(path) for name, path in records(study, imported(study, results)).items()}
        files |= {**evidence, **sources(root), **{name: path for name, path in stated.items() if path.is_file()}}
        files[CRATE] = crate(study, {name: _content(file) for name, file in files.items()})
    elif (results / FOLDER / PACKS).is_file():
        files[f"{FOLDER}/{PACKS}"] = results / FOLDER / PACKS
    archive.parent.mkdir(parents=True, exist_ok=True)
    write_archive(archive, study.name, files)
    return n_runs, whole


def evidence_of(study: Study, root: Path) -> list[str]:
    """Names of all files of a study's evidence: frames, tables, figures, tests, verdicts and the report."""
    outputs = [output for output in load_outputs(root / "config") if output.fillable(study)]
    return [*EVIDENCE, *(f"{name}.parquet" for name in study.frames), *(file for one in outputs for file in one.files)]


def files_of_runs(study: Study) -> dict[str, list[str]]:
    """Names of the files of each run and search of a study, by its folder."""
    runs = {run_folder(run): evidence_files(study, run) for run in study.runs}
    return runs | {search_folder(search): list(OF_SEARCHES) for search in study.tuning_jobs()}


def json_text(value: Any) -> bytes:
    """A value as JSON that is the same for equal values."""
    return (json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _runs(study: Study, results: Path, embeddings: bool) -> tuple[dict[str, Path | bytes], int]:
    """Files of finished runs, searches and cards: made here, or else imported; and the number of runs."""
    files: dict[str, Path | bytes] = {}
    for name, wanted in files_of_runs(study).items():
        for folder in (results / name, results / FOLDER / name):
            names = [*dict.fromkeys([*wanted, *(one for one in EMBEDDINGS if embeddings and (folder / one).is_file())])]
            if all((folder / file).is_file() for file in names):
                files.update({f"{name}/{file}": folder / file for file in names})
                break
    n_runs = sum(name.endswith("/metrics.json") for name in files)
    if not n_runs:
        raise GlossbenchError(f"{results}: no run has finished yet")
    for folder in (results / FOLDER, results):
        files |= {name: folder / name for name in map(card_file, study.corpora) if (folder / name).is_file()}
    return files, n_runs


def _content(file: Path | bytes) -> bytes:
    return file if isinstance(file, bytes) else file.read_bytes()
