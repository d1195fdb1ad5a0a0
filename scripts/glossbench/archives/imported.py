"""Which runs, searches and corpora of a study were imported from an archive and still fit the study.

Imported files are in results/{study}/imported. Snakemake takes them as inputs that no rule makes. What no longer fits,
because the settings of the study changed, is made by its rule again. Snakemake imports this module while it parses the
workflow, so it imports no large packages.
"""

import hashlib
import json
from functools import cached_property
from pathlib import Path
from typing import Any

from glossbench.data.params import digests, prepare_settings
from glossbench.files import read_json
from glossbench.settings.files import card_file, evidence_files, run_folder, search_folder
from glossbench.settings.params import evaluation_params, run_params, search_params
from glossbench.settings.study import Study, canonical
from glossbench.settings.study_file import Run, TuningJob

FOLDER = "imported"
INDEX = "index.json"  # what each run and search was imported for, by its folder; see ``Expected``
PACKS = "packs.json"  # what the imported archives say of themselves, by their digests
Settings = dict[str, Any]


class Expected:
    """The settings and inputs that a study gives its runs and searches, made once for all seeds of a cell.

    Args:
        study: The study.
    """

    def __init__(self, study: Study):
        self.study, self._known = study, {}

    @cached_property
    def snapshots(self) -> set[Run]:
        """The runs that keep snapshots."""
        return set(self.study.runs_shown("snapshots"))

    def of_run(self, run: Run) -> dict[str, Settings]:
        """Settings of the ``training`` and the ``evaluation`` of a run without its seed, and its ``inputs``."""
        cell, snapshots = TuningJob(run.corpus, run.encoder, run.objective), run in self.snapshots
        if (cell, snapshots) not in self._known:
            found = {"training": json.loads(run_params(self.study, cell, snapshots)["settings"])}
            if not self.study.is_untuned(run.objective):
                found["evaluation"] = json.loads(evaluation_params(self.study, cell)["settings"])
            self._known[cell, snapshots] = {**found, "inputs": self._inputs(cell)}
        return self._known[cell, snapshots]

    def of_search(self, search: TuningJob) -> dict[str, Settings]:
        """Settings of a ``search``, and its ``inputs``."""
        settings = json.loads(search_params(self.study, search)["settings"])
        return {"search": settings, "inputs": self._inputs(search)}

    @cached_property
    def inputs(self) -> dict[str, dict[str, Settings]]:
        """Documents and encoders of the study, by their digests in the registries."""
        return {
            "corpora": {key: prepare_settings(self.study.entry("corpora", key)) for key in self.study.corpora},
            "encoders": {key: digests(self.study.entry("encoders", key)) for key in self.study.encoders},
        }

    def _inputs(self, cell: TuningJob) -> Settings:
        """Of ``inputs``, those of a cell."""
        wanted = {"corpora": cell.corpus, "encoders": cell.encoder}
        return {kind: {key: self.inputs[kind][key]} for kind, key in wanted.items()}

    def digest(self, item: Run | TuningJob) -> str:
        """Digest of what a run or a search of the study is made from, its code apart."""
        made_from = self.of_run(item) if isinstance(item, Run) else self.of_search(item)
        return hashlib.sha256(canonical(made_from).encode()).hexdigest()[:16]


def imported(study: Study, results: Path) -> set[Run | TuningJob | str]:
    """The runs, searches and corpora of a study that are taken from what was imported.

    Args:
        study: The study.
        results: Folder of the study.
    """
    folder = results / FOLDER
    index = read_index(folder)
    if not index:
        return set()
    expected = Expected(study)

    def taken(item: Run | TuningJob, name: str, files: list[str]) -> bool:
        return index.get(name) == expected.digest(item) and all((folder / name / file).is_file() for file in files)

    searches = study.tuning_jobs()
    found = {search for search in searches if taken(search, search_folder(search), ["best.yaml"])}
    for run in study.runs:
        search = study.search_of(run)
        if (search in found or search not in searches) and taken(run, run_folder(run), evidence_files(study, run)):
            found.add(run)
    # A run that is not imported reads the corpus, which then has a card of its own.
    whole = {run.corpus for run in study.runs} - {run.corpus for run in study.runs if run not in found}
    return found | {corpus for corpus in whole if (folder / card_file(corpus)).is_file()}


def read_index(folder: Path, name: str = INDEX) -> dict[str, Any]:
    """The entries of a file about what was imported; none if nothing was."""
    file = folder / name
    return read_json(file) if file.is_file() else {}


def manifest(kind: str, key: str) -> str:
    """List of the fetched files of a corpus or encoder, in the working directory and in archives.

    Args:
        kind: "corpora" or "encoders".
        key: Key of the registry.
    """
    return f"resources/{kind}/{key}/SHA256SUMS"


def records(study: Study, found: set[Run | TuningJob | str]) -> dict[str, str]:
    """Files that say where the results of a study come from, by their names in an archive.

    Args:
        study: The study.
        found: What was imported into it; see ``imported``. Nothing is fetched for that.
    """
    encoders = dict.fromkeys(run.encoder for run in study.runs if run not in found)
    corpora = [corpus for corpus in study.corpora if corpus not in found]
    names = [*(manifest("corpora", key) for key in corpora), *(manifest("encoders", key) for key in encoders)]
    packs = f"{FOLDER}/{PACKS}"
    return {name: name for name in names} | ({packs: f"results/{study.name}/{packs}"} if found else {})
