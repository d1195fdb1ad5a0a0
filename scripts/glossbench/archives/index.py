"""Which runs, searches and corpora of a study were imported from an archive and still fit the study.

Imported files are in results/{study}/imported. Snakemake takes them as inputs that no rule makes. What no longer fits,
because the settings of the study changed, is made by its rule again. Snakemake imports this module while it parses the
workflow, so it imports no large packages.
"""

import hashlib
import json
from collections.abc import Container, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from glossbench.checksums import CHECKSUMS, sha256
from glossbench.data.entries import digests, prepare_settings
from glossbench.files import read_made
from glossbench.provenance import origin
from glossbench.settings.model import canonical
from glossbench.settings.params import evaluation_params, run_params, search_params
from glossbench.settings.paths import (
    SEARCH_OUTPUT_NAMES,
    card_file,
    evidence_files,
    manifest_file,
    run_folder,
    search_folder,
)
from glossbench.settings.study import Study
from glossbench.settings.study_file import Experiment, Run
from glossbench.settings.yaml_file import read_yaml

FOLDER = "imported"
INDEX = "index.json"  # what each run and search was imported for, by its folder; see ``Expected``
PACKS = "packs.json"  # what the imported archives say of themselves, by their digests
Item = Run | Experiment
Settings = dict[str, Any]


class Expected:
    """The settings and inputs that a study gives its runs and searches, made once for all seeds of an experiment.

    Args:
        study: The study.
        fetched: Folder with ``resources``, whose manifests identify local files (no registry has their digests). None
            leaves local files uncompared.
    """

    def __init__(self, study: Study, fetched: Path | None = None):
        self.study, self._of_experiment = study, cache(self._made)
        self._with_snapshots = set(study.runs_with("snapshots"))
        self.inputs = {  # documents and encoders, by their digests in the registries
            "corpora": {key: prepare_settings(study.entry("corpora", key)) for key in study.corpora},
            "encoders": {key: digests(study.entry("encoders", key)) for key in study.encoders},
        }
        for kind, entries in self.inputs.items() if fetched else ():
            for key in entries:
                if "path" in study.entry(kind, key):
                    listed = fetched / manifest_file(kind, key)
                    entries[key][CHECKSUMS] = sha256(listed) if listed.is_file() else None

    def of(self, item: Item) -> dict[str, Settings]:
        """Settings of a ``search``, or of ``training`` and ``evaluation`` of a run without its seed; and ``inputs``."""
        if isinstance(item, Experiment):
            return self._of_experiment(item)
        return self._of_experiment(Experiment(item.corpus, item.encoder, item.objective), item in self._with_snapshots)

    def digest(self, item: Item) -> str:
        """Digest of what a run or a search of the study is made from, its code apart."""
        return hashlib.sha256(canonical(self.of(item)).encode()).hexdigest()[:16]

    def settings_digests(self, item: Item) -> list[str]:
        """Digests of the settings of a search, or of the training and the evaluation of a run, as results say them."""
        settings = self.of(item)
        if isinstance(item, Experiment):
            jobs = [settings["search"]]
        else:  # an untuned objective is one job
            jobs = [settings["training"], settings.get("evaluation", settings["training"])]
        return [origin(canonical(job), "")["settings"] for job in jobs]

    def is_of(self, item: Item, folder: Path) -> bool:
        """Whether the run or search in a folder says of itself that it was made with these settings."""
        if isinstance(item, Experiment):
            made = [read_yaml(folder / "best.yaml")]
        else:
            made = [read_made(folder / name) for name in ("timing.json", "metrics.json")]
        return [one["origin"]["settings"] for one in made] == self.settings_digests(item)

    def _made(self, experiment: Experiment, snapshots: bool | None = None) -> dict[str, Settings]:
        if snapshots is None:
            params = {"search": search_params(self.study, experiment)}
        else:
            params = {"training": run_params(self.study, experiment, snapshots)}
            if not self.study.is_untuned(experiment.objective):
                params["evaluation"] = evaluation_params(self.study, experiment)
        found = {name: json.loads(made["settings"]) for name, made in params.items()}
        wanted = {"corpora": experiment.corpus, "encoders": experiment.encoder}
        return {**found, "inputs": {kind: {key: self.inputs[kind][key]} for kind, key in wanted.items()}}


def files_of_jobs(study: Study) -> dict[Item, tuple[str, list[str]]]:
    """The searches of a study, then its runs: the folder of each, and names of the files that evidence is made from."""
    searches = {search: (search_folder(search), list(SEARCH_OUTPUT_NAMES)) for search in study.searches()}
    return searches | {run: (run_folder(run), evidence_files(study, run)) for run in study.runs}


def imported(study: Study, results: Path) -> set[Item | str]:
    """The runs, searches and corpora of a study, whose folder is ``results``, that are taken from what was imported."""
    folder, found = results / FOLDER, set()
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


def jobs_there(study: Study, results: Path, taken: set[Item | str]) -> Iterator[tuple[Item, str, Path, list[str]]]:
    """The searches and runs of a study whose files are there, each as evidence is made from it.

    Args:
        study: The study.
        results: Its folder.
        taken: What is taken from imported files; see ``imported``.

    Yields:
        The search or run, its name, its folder, and names of the files in it that evidence is made from.
    """
    for item, (name, files) in files_of_jobs(study).items():
        folder = (results / FOLDER if item in taken else results) / name
        if all((folder / file).is_file() for file in files):
            yield item, name, folder, files


def finished_jobs(study: Study, results: Path, taken: set[Item | str]) -> Iterator[tuple[Item, str, Path, list[str]]]:
    """Those of ``jobs_there`` that were made with the settings that the study has now."""
    expected = Expected(study)
    for item, name, folder, files in jobs_there(study, results, taken):
        if item in taken or expected.is_of(item, folder):
            yield item, name, folder, files


def settings_digests(
    expected: Expected, runs: Iterable[Run], taken: Container[Item | str]
) -> dict[str, list[str] | None]:
    """``Expected.settings_digests`` of runs by their folders; None for what is ``taken`` from imported files.

    The seeds of an experiment have the same settings, so its folder stands for them.
    """
    found, with_snapshots = {}, set(expected.study.runs_with("snapshots"))
    for run in runs:
        folder = Path(run_folder(run))
        place = str(folder if run in taken or run in with_snapshots else folder.parent)
        if place not in found:
            found[place] = None if run in taken else expected.settings_digests(run)
    return found


def read_index(folder: Path, name: str = INDEX) -> dict[str, Any]:
    """The entries of a file about what was imported; none if nothing was."""
    return read_made(folder / name) if (folder / name).is_file() else {}


def source_lists(study: Study, found: set[Item | str]) -> dict[str, str]:
    """Files that say where the results of a study come from, by their names in an archive.

    Nothing is fetched for what was imported, which is ``found``; see ``imported``.
    """
    fetched = [("corpora", key) for key in study.corpora if key not in found]
    fetched += [("encoders", run.encoder) for run in study.runs if run not in found]
    packs = {f"{FOLDER}/{PACKS}": f"results/{study.name}/{FOLDER}/{PACKS}"} if found else {}
    return {manifest_file(*entry): manifest_file(*entry) for entry in fetched} | packs
