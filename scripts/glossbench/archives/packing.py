"""Packs a study: its finished runs and searches and, where all of it is there, the evidence made from them.

Of a run the archive has what evidence is made from: metrics, epochs, predictions, seconds and settings. ``make import``
places the runs elsewhere, and ``make verify`` makes the evidence again from them.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from glossbench.archives.crate import crate
from glossbench.archives.format import ABOUT, CRATE, EVIDENCE, FORMAT, STUDY, Content, sources, write_archive
from glossbench.archives.index import PACKS, imported, source_lists
from glossbench.checksums import refuse_changed
from glossbench.errors import GlossbenchError
from glossbench.evidence.text.json_text import to_json
from glossbench.expected import Expected, finished_jobs
from glossbench.files import read_made
from glossbench.provenance import describe, input_digests
from glossbench.settings.claims import claims_text
from glossbench.settings.claims_file import load_claims
from glossbench.settings.model import canonical
from glossbench.settings.outputs import load_outputs
from glossbench.settings.paths import IMPORTED_FOLDER, TRAINING_FILES, card_file
from glossbench.settings.study import Study

EMBEDDINGS = (TRAINING_FILES["embeddings"], TRAINING_FILES["logits"])


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
        GlossbenchError: No run has finished, or a file of one has changed since it was written.
    """
    results = Path("results", study.name)
    taken = imported(study, results)
    files = _runs(study, results, taken, EMBEDDINGS if embeddings else ())
    n_runs = sum(name.endswith("/metrics.json") for name in files)
    if not n_runs:
        raise GlossbenchError(f"{results}: no run has finished yet")
    inputs = Expected(study, Path()).inputs
    about = {"format": FORMAT, "study": study.name, "inputs": inputs, "packed_by": describe(root)}
    evidence = {name: results / name for name in evidence_of(study, root)}
    whole = n_runs == len(study.runs) and all(path.is_file() for path in evidence.values())
    if whole:  # and made for the study as it is
        stated = input_digests(canonical(study.spelled_out), claims_text(load_claims(root / "config")), {})
        found = read_made(evidence["provenance.json"])
        whole = all(found.get(name) == stated[name] for name in ("settings", "claims"))
    if whole:
        stated = {name: Path(path) for name, path in source_lists(study, taken).items()}
        files |= {**evidence, **sources(root), **{name: path for name, path in stated.items() if path.is_file()}}
    elif (results / IMPORTED_FOLDER / PACKS).is_file():
        files[f"{IMPORTED_FOLDER}/{PACKS}"] = results / IMPORTED_FOLDER / PACKS
    refuse_changed(files.values())
    stored: dict[str, Content] = {**files, ABOUT: to_json(about).encode(), STUDY: to_json(given).encode()}
    if whole:
        stored[CRATE] = crate(study, stored)
    archive.parent.mkdir(parents=True, exist_ok=True)
    write_archive(archive, study.name, stored)
    return n_runs, whole


def evidence_of(study: Study, root: Path) -> list[str]:
    """Names of all files of a study's evidence: frames, tables, figures, tests, verdicts and the report."""
    outputs = [output for output in load_outputs(root / "config") if output.fillable(study)]
    return [*EVIDENCE, *(f"{name}.parquet" for name in study.frames), *(file for one in outputs for file in one.files)]


def _runs(study: Study, results: Path, taken: set, more: Iterable[str]) -> dict[str, Path]:
    """Files of finished runs and searches, and of the cards of corpora, as evidence is made from them."""
    files = {}
    for _, name, folder, wanted in finished_jobs(study, results, taken):
        names = {*wanted, *(file for file in more if (folder / file).is_file())}
        files |= {f"{name}/{file}": folder / file for file in names}
    for corpus in study.corpora:
        name, folders = card_file(corpus), (results, results / IMPORTED_FOLDER)
        for folder in reversed(folders) if corpus in taken else folders:
            if (folder / name).is_file():
                files.setdefault(name, folder / name)
    return files
