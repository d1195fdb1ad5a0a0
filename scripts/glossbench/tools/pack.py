"""Packs the finished runs of a study into one archive, from which ``make import`` places them elsewhere.

``python -m glossbench.tools.pack STUDY [--embeddings] [--to ARCHIVE]`` (``make pack STUDY=...``). The archive has what
evidence is made from: metrics, epochs, predictions, seconds and settings of each run, its searches, the cards of the
corpora, and what each was made from.
"""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from glossbench.errors import GlossbenchError
from glossbench.provenance import describe
from glossbench.settings.files import OF_SEARCHES, card_file, evidence_files, run_folder, search_folder
from glossbench.settings.study import Study, load_study
from glossbench.settings.yaml_file import read_yaml
from glossbench.tools.archive import pack
from glossbench.tools.imported import FOLDER, Expected, read_index

ROOT = Path(__file__).parents[3]
MANIFEST = "pack.json"
FORMAT = 1
EMBEDDINGS = ("embeddings.npz", "logits.npz")


def packed(study: Study, results: Path, embeddings: bool = False) -> dict[str, Path | bytes]:
    """The contents of a pack.

    Args:
        study: the study.
        results: its folder. Runs that were imported into it are packed too.
        embeddings: whether to pack the embeddings and logits of all runs, not only those that figures show.

    Returns:
        Paths, or bytes of the manifest, by their name in the archive.

    Raises:
        GlossbenchError: no run has finished.
    """
    expected, index = Expected(study), read_index(results / FOLDER)
    files: dict[str, Path | bytes] = {}
    origins: dict[str, Any] = {}

    def add(name: str, wanted: list[str], origin: Callable[[Path], dict[str, Any]]) -> None:
        """Add the files of a run or search, if all are there: made here, or else imported."""
        here, taken = results / name, results / FOLDER / name
        if all((here / file).is_file() for file in wanted):
            folder, origins[name] = here, origin(here)
        elif name in index and all((taken / file).is_file() for file in wanted):
            folder, origins[name] = taken, index[name]["origin"]
        else:
            return
        files.update({f"{name}/{file}": folder / file for file in wanted})

    for run in study.runs:
        wanted, inputs = evidence_files(study, run), expected.of_run(run)["inputs"]
        if embeddings and not study.is_untuned(run.objective):
            wanted = [*dict.fromkeys([*wanted, *EMBEDDINGS])]
        add(run_folder(run), wanted, lambda folder, inputs=inputs: {**run_origin(folder), "inputs": inputs})
    if not files:
        raise GlossbenchError(f"{results}: no run has finished yet")
    for search in study.tuning_jobs():
        inputs = expected.of_search(search)["inputs"]
        add(search_folder(search), list(OF_SEARCHES), lambda folder, inputs=inputs: search_origin(folder, inputs))
    for corpus in study.corpora:
        for folder in (results, results / FOLDER):
            if (folder / card_file(corpus)).is_file():
                files.setdefault(card_file(corpus), folder / card_file(corpus))
    manifest = {"format": FORMAT, "study": study.name, "origins": origins, "packed_by": describe(ROOT)}
    files[MANIFEST] = (json.dumps(manifest, indent=1, sort_keys=True) + "\n").encode()
    return files


def run_origin(folder: Path) -> dict[str, Any]:
    """What a run says of its own origin."""
    jobs = {"training": "timing.json", "evaluation": "metrics.json"}
    return {job: json.loads((folder / file).read_text(encoding="utf-8")).get("origin") for job, file in jobs.items()}


def search_origin(folder: Path, inputs: dict[str, str]) -> dict[str, Any]:
    """What a search says of its own origin, and that of its inputs."""
    found = yaml.safe_load((folder / "best.yaml").read_text(encoding="utf-8"))
    return {"search": found.get("origin"), "inputs": inputs}


def main() -> None:
    """Pack, and say what was packed."""
    parser = argparse.ArgumentParser(prog="make pack", description=__doc__.splitlines()[0])
    parser.add_argument("study", nargs="?", default="config/config.yaml")
    parser.add_argument("--embeddings", action="store_true")
    parser.add_argument("--to", type=Path)
    given = parser.parse_args()
    study = load_study(read_yaml(Path(given.study)), given.study, ROOT / "config")
    results = Path("results", study.name)
    files = packed(study, results, given.embeddings)
    archive = given.to or results / f"{study.name}-runs.tar.gz"
    archive.parent.mkdir(parents=True, exist_ok=True)
    pack(archive, f"{study.name}-runs", files)
    folders = {str(Path(name).parent) for name in files}
    runs = sum(run_folder(run) in folders for run in study.runs)
    print(f"{archive}: {runs} of {len(study.runs)} runs, {archive.stat().st_size / 2**20:.1f} MiB")


if __name__ == "__main__":
    try:
        main()
    except GlossbenchError as error:
        sys.exit(f"glossbench: {error}")
