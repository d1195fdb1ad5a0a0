"""What is collected of a study: the files of its runs, searches and corpora, and what the jobs that read them are told.

Snakemake imports this module while it parses the workflow, so it imports no large packages.
"""

from collections.abc import Callable, Iterable
from pathlib import Path

from glossbench.settings.files import card_file, evidence_files, run_folder, search_folder
from glossbench.settings.grid import Run, TuningJob
from glossbench.settings.jobs import CollectSettings, ProjectionSettings
from glossbench.settings.study import Study
from glossbench.settings.training import Maps

Item = Run | TuningJob | str


class Collected:
    """Paths of the files of runs, searches and corpora.

    Args:
        study: The study.
        folder_of: The folder of a run, a search or a corpus: that of the study, or of what was imported into it.
    """

    def __init__(self, study: Study, folder_of: Callable[[Item], str]):
        self.study, self.folder_of = study, folder_of

    def per_run(self, file: str, runs: Iterable[Run]) -> list[str]:
        """Paths of a file of each of the given runs."""
        return [f"{self.folder_of(run)}/{run_folder(run)}/{file}" for run in runs]

    def per_search(self, file: str, searches: Iterable[TuningJob]) -> list[str]:
        """Paths of a file of each of the given searches."""
        return [f"{self.folder_of(search)}/{search_folder(search)}/{file}" for search in searches]

    def cards(self) -> list[str]:
        """Paths of the descriptions of the corpora."""
        return [f"{self.folder_of(corpus)}/{card_file(corpus)}" for corpus in self.study.corpora]

    def files(self, runs: list[Run], searches: list[TuningJob], cards: list[str]) -> dict[str, list[str]]:
        """The files that ``collect`` reads, by name."""
        trained = [run for run in runs if not self.study.is_untuned(run.objective)]
        files = {
            "metrics": self.per_run("metrics.json", runs),
            "timing": self.per_run("timing.json", runs),
            "predictions": self.per_run("predictions.parquet", runs),
            "epochs": self.per_run("epochs.csv", trained),
            "epoch_seconds": self.per_run("timing.csv", trained),
            "cards": cards,
        }
        if self.study.searches:
            for name, file in {"best": "best.yaml", "trials": "trials.csv", "trial_seconds": "timing.csv"}.items():
                files[name] = self.per_search(file, searches)
        if self.study.settings.snapshots:
            taken = [run for run in self.study.runs_shown("snapshots") if run in set(runs)]
            files["snapshots"] = self.per_run("snapshots.npz", taken)
            files["snapshot_settings"] = self.per_run("settings.json", taken)
        return files


class Finished:
    """What is finished of a study so far.

    Its inputs are absolute paths, which match the output of no job: a view of what is finished must not start the jobs
    behind the files that it reads, since another Snakemake may be at work on them.

    Args:
        collected: Paths of the files of the study.
        on_disk: Where a file of the workflow is.
    """

    def __init__(self, collected: Collected, on_disk: Callable[[str], str]):
        self.collected, self.study, self.on_disk = collected, collected.study, on_disk

    def all_there(self, paths: Iterable[str]) -> bool:
        """Whether all of these files are there."""
        return all(Path(self.on_disk(path)).is_file() for path in paths)

    def among(self, runs: Iterable[Run]) -> list[Run]:
        """Those of the runs whose results are all there."""
        names = {run: evidence_files(self.study, run) for run in runs}
        return [
            run
            for run, of_run in names.items()
            if all(self.all_there(self.collected.per_run(n, [run])) for n in of_run)
        ]

    def inputs(self) -> dict[str, list[str]]:
        """The files that ``collect`` reads of what is finished, by name."""
        searches = [
            search
            for search in self.study.tuning_jobs()
            if self.all_there(self.collected.per_search("timing.csv", [search]))
        ]
        cards = [path for path in self.collected.cards() if self.all_there([path])]
        return self.existing(self.collected.files(self.among(self.study.runs), searches, cards))

    def maps_inputs(self) -> dict[str, list[str]]:
        """The files that ``project_embeddings`` reads of what is finished, by name."""
        runs = self.among(self.study.runs_shown("projection"))
        return self.existing(
            {"embeddings": self.collected.per_run("embeddings.npz", runs), "cards": self.collected.cards()}
        )

    def settings(self) -> CollectSettings:
        """What ``collect`` is told of what is finished."""
        done = set(self.among(self.study.runs))
        return collect_settings(self.study, [run for run in self.study.runs if run not in done])

    def existing(self, files: dict[str, list[str]]) -> dict[str, list[str]]:
        """Files by name, as absolute paths."""
        return {name: [str(Path(self.on_disk(path)).absolute()) for path in paths] for name, paths in files.items()}


def collect_settings(study: Study, unfinished: Iterable[Run] = ()) -> CollectSettings:
    """What ``collect`` is told; unfinished: planned runs that are not among its inputs."""
    objectives = {key: study.key_columns(key) for key in study.objectives_resolved}
    missing = []
    for run in unfinished:
        objective = study.objective(run.objective)
        missing.append({**vars(run), "preset": objective.preset, "protocol": objective.protocol})
    return CollectSettings(study=study.name, objectives=objectives, unfinished=missing)


def projection_settings(study: Study, runs: Iterable[Run]) -> ProjectionSettings:
    """What ``project_embeddings`` is told."""
    maps = Maps(**{name: getattr(study.settings.projection, name) for name in Maps.model_fields})
    return ProjectionSettings(projection=maps, runs=[{**vars(run), **study.key_columns(run.objective)} for run in runs])
