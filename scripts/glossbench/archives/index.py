"""Which runs, searches and corpora of a study were imported from an archive and still fit the study.

Imported files are in results/{study}/imported. Snakemake takes them as inputs that no rule makes. What no longer fits,
because the settings of the study changed, is made by its rule again. Snakemake imports this module while it parses the
workflow, so it imports no large packages.
"""

from pathlib import Path
from typing import Any

from glossbench.expected import Expected, Item, files_of_jobs
from glossbench.files import read_made
from glossbench.settings.paths import IMPORTED_FOLDER, card_file, manifest_file
from glossbench.settings.study import Study

INDEX = "index.json"  # what each run and search was imported for, by its folder; see ``Expected``
PACKS = "packs.json"  # what the imported archives say of themselves, by their digests


def imported(study: Study, results: Path) -> set[Item | str]:
    """The runs, searches and corpora of a study, whose folder is ``results``, that are taken from what was imported."""
    folder, found = results / IMPORTED_FOLDER, set()
    if not (index := read_index(folder)):
        return found
    expected, jobs = Expected(study, results.parents[1]), files_of_jobs(study)
    for item, (name, files) in jobs.items():
        search = study.search_of(item)
        fits = index.get(name) == expected.digest(item) and (search in found | {item} or search not in jobs)
        if fits and all((folder / name / file).is_file() for file in files):
            found.add(item)
    # A run that is not imported reads the corpus, which then has a card of its own.
    whole = set(study.corpora) - {run.corpus for run in study.runs if run not in found}
    return found | {corpus for corpus in whole if (folder / card_file(corpus)).is_file()}


def read_index(folder: Path, name: str = INDEX) -> dict[str, Any]:
    """The entries of a file about what was imported; none if nothing was."""
    return read_made(folder / name) if (folder / name).is_file() else {}


def source_lists(study: Study, found: set[Item | str]) -> dict[str, str]:
    """Files that say where the results of a study come from, by their names in an archive.

    Nothing is fetched for what was imported, which is ``found``; see ``imported``.
    """
    fetched = [("corpora", key) for key in study.corpora if key not in found]
    fetched += [("encoders", run.encoder) for run in study.runs if run not in found]
    packs = {f"{IMPORTED_FOLDER}/{PACKS}": f"results/{study.name}/{IMPORTED_FOLDER}/{PACKS}"} if found else {}
    return {manifest_file(*entry): manifest_file(*entry) for entry in fetched} | packs
