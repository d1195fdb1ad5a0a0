"""Where the files of a study lie, what its jobs read of them, and which seeds share a job."""

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any

from glossbench.errors import SettingsError
from glossbench.settings.study import Study
from glossbench.settings.study_file import Run, TuningJob

SPLITS = ("train", "val", "test")
OF_UNTUNED = ("settings.json", "metrics.json", "predictions.parquet", "timing.json")
OF_RUNS = (*OF_UNTUNED, "epochs.csv", "timing.csv")
OF_SEARCHES = ("best.yaml", "trials.csv", "timing.csv")


def run_folder(run: Run) -> str:
    """Folder of a run below that of its study."""
    return f"runs/{run.corpus}/{run.encoder}/{run.objective}/seed-{run.seed}"


def search_folder(search: TuningJob) -> str:
    """Folder of a search below that of its study."""
    return f"tuning/{search.corpus}/{search.encoder}/{search.objective}"


def card_file(corpus: str) -> str:
    """Description of a corpus below the folder of a study."""
    return f"corpora/{corpus}/card.json"


def evidence_files(study: Study, run: Run) -> list[str]:
    """Names of the files of a run that the evidence of a study is made from."""
    names = [*(OF_UNTUNED if study.is_untuned(run.objective) else OF_RUNS)]
    if run in study.runs_shown("projection"):
        names.append("embeddings.npz")
    if run in study.runs_shown("snapshots"):
        names.append("snapshots.npz")
    return names


Item = Run | TuningJob | str


def reads_texts(study: Study, cell: Any) -> bool:
    """Whether an untuned objective reads the texts of a corpus and no encoder."""
    return study.objective(cell.objective).classifier == "tfidf"


class StudyFiles:
    """Paths of the files of a study: of runs, searches and corpora, and the inputs of jobs by name; batches of seeds.

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

    @property
    def results(self) -> str:
        """Folder of the study."""
        return f"results/{self.study.name}"

    def encoded(self, cell: Any) -> dict[str, str]:
        """Tokens and encoder, and stored output of the frozen layers where the study freezes any."""
        inputs = {
            "tokens": f"{self.results}/tokens/{cell.corpus}/{cell.encoder}",
            "encoder": f"resources/encoders/{cell.encoder}/SHA256SUMS",
        }
        if self.study.frozen_layers(cell.encoder):
            inputs["frozen"] = f"{self.results}/frozen/{cell.corpus}/{cell.encoder}.safetensors"
        return inputs

    def tuning(self, cell: Any) -> dict[str, str]:
        """Inputs of a search: those of an encoder, and the estimates of sigma where the objective uses them."""
        inputs = self.encoded(cell)
        if isinstance(self.study.objective(cell.objective).value("sigma"), str):
            inputs["sigma"] = f"{self.results}/sigma/{cell.corpus}/{cell.encoder}.json"
        return inputs

    def untuned(self, cell: Any) -> dict[str, str]:
        """The texts of a corpus for an untuned objective without an encoder, else tokens and encoder."""
        return self.texts(cell.corpus) if reads_texts(self.study, cell) else self.encoded(cell)

    def texts(self, corpus: str) -> dict[str, str]:
        """The prepared splits of a corpus."""
        return {split: f"{self.results}/corpora/{corpus}/{split}.parquet" for split in SPLITS}

    def training(self, cell: Any, all_there: Callable[[list[str]], bool]) -> dict[str, str]:
        """Inputs of a run: those of a search, and what the search found where the study has one.

        Args:
            cell: Corpus, encoder and objective.
            all_there: Whether files are there, for those of another study.

        Raises:
            SettingsError: The study whose searches are taken over has not made this one.
        """
        inputs = self.tuning(cell)
        if self.study.objective(cell.objective).search:
            search = self.study.search_of(cell)
            inputs["best"] = self._found_here(search) if self.study.searches else self._taken_over(search, all_there)
        return inputs

    def _found_here(self, search: TuningJob) -> str:
        (best,) = self.per_search("best.yaml", [search])
        return best

    def _taken_over(self, search: TuningJob, all_there: Callable[[list[str]], bool]) -> str:
        source = self.study.settings.tuning.taken_from
        files = [f"results/{source}/{part}{search_folder(search)}/best.yaml" for part in ("", "imported/")]
        for file in files:
            if all_there([file]):
                return file
        needed = f"tuning.taken_from needs {source}: run it, or import its runs"
        raise SettingsError(f"{files[0]}: missing; {needed}")

    def of_runs(self, runs: list[Run]) -> list[str]:
        """All files that some runs and the searches of the study are made from or are collected as."""
        files = list(self.cards())
        for corpus in dict.fromkeys(run.corpus for run in runs):
            files += [*self.texts(corpus).values(), f"resources/corpora/{corpus}/SHA256SUMS"]
        for cell in dict.fromkeys(TuningJob(run.corpus, run.encoder, run.objective) for run in runs):
            untuned = self.study.is_untuned(cell.objective)
            files += (self.untuned(cell) if untuned else self.tuning(cell)).values()
        for name in OF_SEARCHES:
            files += self.per_search(name, self.study.tuning_jobs())
        return files

    @cached_property
    def seed_batches(self) -> dict[tuple[int, ...], list[str]]:
        """Seeds that one job trains together, with the cells that this is so for; none where each has its own job."""
        size, with_snapshots = self.study.settings.seeds_per_job, set(self.study.runs_shown("snapshots"))
        seeds: dict[str, list[int]] = {}
        for run in self.study.trained if size > 1 else []:
            if run not in with_snapshots:
                seeds.setdefault(f"{run.corpus}/{run.encoder}/{run.objective}", []).append(run.seed)
        found: dict[tuple[int, ...], list[str]] = {}
        for cell, members in seeds.items():
            for start in range(0, len(members), size):
                found.setdefault(tuple(members[start : start + size]), []).append(cell)
        return found

    @cached_property
    def batch_of(self) -> dict[tuple[str, int], tuple[int, ...]]:
        """The seeds of one job by cell and seed, for the runs that share a job."""
        return {(cell, seed): seeds for seeds, cells in self.seed_batches.items() for cell in cells for seed in seeds}
