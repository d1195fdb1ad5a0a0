"""What is collected of a study: the files of its runs, searches and corpora, and what the jobs that read them are told.

Snakemake imports this module while it parses the workflow, so it imports no large packages.
"""

from collections.abc import Callable, Iterable

from glossbench.settings.files import card_file, run_folder, search_folder
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
