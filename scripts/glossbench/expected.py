"""The runs and searches of a study: what each is made from, and which have finished.

Snakemake imports this module while it parses the workflow, so it imports no large packages.
"""

import hashlib
import json
from collections.abc import Callable, Container, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from glossbench.checksums import CHECKSUMS, sha256
from glossbench.data.entries import digests, prepare_settings
from glossbench.errors import OTHER_SETTINGS, SettingsError
from glossbench.files import read_made
from glossbench.provenance import origin
from glossbench.settings.model import canonical
from glossbench.settings.params import evaluation_params, run_params, search_params
from glossbench.settings.paths import (
    DOWNLOADS,
    IMPORTED_FOLDER,
    SEARCH_FILES,
    UNTUNED_FILES,
    StudyPaths,
    evidence_files,
    manifest_file,
    run_folder,
    search_folder,
)
from glossbench.settings.study import Study
from glossbench.settings.study_file import Experiment, Run
from glossbench.settings.yaml_file import read_yaml

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
            made = [read_yaml(folder / SEARCH_FILES["best"])]
        else:
            made = [read_made(folder / name) for name in (UNTUNED_FILES["timing"], UNTUNED_FILES["metrics"])]
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
    searches = {search: (search_folder(search), list(SEARCH_FILES.values())) for search in study.searches()}
    return searches | {run: (run_folder(run), evidence_files(study, run)) for run in study.runs}


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
        folder = (results / IMPORTED_FOLDER if item in taken else results) / name
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


def unrecorded_files(
    paths: StudyPaths, expected: Expected, runs: list[Run], is_recorded: Callable[[str], bool]
) -> list[str]:
    """Files of a study that Snakemake has no record of, so that no change of settings or code makes them again.

    Their jobs ended after their Snakemake was killed, or .snakemake was removed, or they were brought from elsewhere.

    Args:
        paths: The paths of the study.
        expected: What its runs are made from.
        runs: Runs that are made here, not imported.
        is_recorded: Whether Snakemake has a record of a file.

    Raises:
        SettingsError: A run among them was made with other settings.
    """
    imported = f"{paths.results}/{IMPORTED_FOLDER}/"
    made = [file for file in paths.upstream_of(runs) if not file.startswith((DOWNLOADS, imported))]
    ends = {
        run: [path for name in ("timing", "metrics") for path in paths.per_run(UNTUNED_FILES[name], [run])]
        for run in runs
    }
    made += [file for files in ends.values() for file in files]
    files = [file for file in made if Path(paths.on_disk(file)).exists() and not is_recorded(file)]
    unrecorded = set(files)
    for run, own in ends.items():
        folder = Path(paths.on_disk(paths.results), run_folder(run))
        ended = not unrecorded.isdisjoint(own) and all(Path(paths.on_disk(file)).exists() for file in own)
        if ended and not expected.is_of(run, folder):
            raise SettingsError(OTHER_SETTINGS.format(folder))
    return files
