"""Where the files of a study lie, what its jobs read of them, and which are there."""

from collections.abc import Callable, Iterable
from pathlib import Path

from glossbench.checksums import CHECKSUMS
from glossbench.errors import SettingsError
from glossbench.settings.model import SPLITS
from glossbench.settings.study import Study
from glossbench.settings.study_file import Cell, CellOfObjective, Experiment, Run

# Files of a run in its folder: those of training, those of evaluation, and two that are only there where asked for.
TRAINING_FILES = {
    "settings": "settings.json",
    "epochs": "epochs.csv",
    "embeddings": "embeddings.npz",
    "logits": "logits.npz",
    "timing": "timing.json",
    "epoch_seconds": "timing.csv",
}
EVALUATION_FILES = {"metrics": "metrics.json", "predictions": "predictions.parquet"}
SNAPSHOTS, WEIGHTS = "snapshots.npz", "weights.safetensors"
# Files of a run that fine-tunes nothing, and of a search.
UNTUNED_FILES = {
    name: (TRAINING_FILES | EVALUATION_FILES)[name] for name in ("settings", "metrics", "predictions", "timing")
}
SEARCH_FILES = {"best": "best.yaml", "trials": "trials.csv", "trial_seconds": "timing.csv"}
DOWNLOADS = "resources/"
IMPORTED_FOLDER = "imported"  # below the folder of a study: what was imported into it; see ``archives.index``


def run_folder(run: Run) -> str:
    """Folder of a run below that of its study."""
    return f"runs/{run.corpus}/{run.encoder}/{run.objective}/seed-{run.seed}"


def manifest_file(kind: str, key: str) -> str:
    """List of the fetched files of an entry of "corpora" or "encoders", in the working directory and in archives."""
    return f"{DOWNLOADS}{kind}/{key}/{CHECKSUMS}"


def search_folder(search: Experiment) -> str:
    """Folder of a search below that of its study."""
    return f"tuning/{search.corpus}/{search.encoder}/{search.objective}"


def card_file(corpus: str) -> str:
    """Description of a corpus below the folder of a study."""
    return f"corpora/{corpus}/card.json"


def evidence_files(study: Study, run: Run) -> list[str]:
    """Names of the files of a run that the evidence of a study is made from."""
    kept = {"projection": TRAINING_FILES["embeddings"], "snapshots": SNAPSHOTS}
    trained = [] if study.is_untuned(run.objective) else [TRAINING_FILES["epochs"], TRAINING_FILES["epoch_seconds"]]
    return [*UNTUNED_FILES.values(), *trained, *(file for kind, file in kept.items() if study.has(kind, run))]


def reads_texts(study: Study, experiment: CellOfObjective) -> bool:
    """Whether an untuned objective reads the texts of a corpus and no encoder."""
    return study.objective(experiment.objective).classifier == "tfidf"


class StudyPaths:
    """Paths of the files of a study, inputs of its jobs by name, and what is there so far.

    Args:
        study: The study.
        folder_of: The folder of a run, a search or a corpus: that of the study, or of what was imported into it.
        on_disk: Where a file of the workflow is.
    """

    def __init__(
        self, study: Study, folder_of: Callable[[Run | Experiment | str], str], on_disk: Callable[[str], str] = str
    ):
        self.study, self.folder_of, self.on_disk = study, folder_of, on_disk
        self.results = f"results/{study.name}"

    def per_run(self, file: str, runs: Iterable[Run]) -> list[str]:
        """Paths of a file of each of the given runs."""
        return [f"{self.folder_of(run)}/{run_folder(run)}/{file}" for run in runs]

    def per_search(self, file: str, searches: Iterable[Experiment]) -> list[str]:
        """Paths of a file of each of the given searches."""
        return [f"{self.folder_of(search)}/{search_folder(search)}/{file}" for search in searches]

    def cards(self) -> list[str]:
        """Paths of the descriptions of the corpora."""
        return [f"{self.folder_of(corpus)}/{card_file(corpus)}" for corpus in self.study.corpora]

    def cards_there(self) -> list[str]:
        """Those of the ``cards`` that are there, or the one that came with imported runs of an unfinished corpus."""
        found = {}
        for corpus in self.study.corpora:
            for folder in (self.folder_of(corpus), f"{self.results}/{IMPORTED_FOLDER}"):
                if self.is_there(card := f"{folder}/{card_file(corpus)}"):
                    found.setdefault(corpus, card)
        return list(found.values())

    def collected(self, runs: list[Run], searches: list[Experiment], cards: list[str]) -> dict[str, list[str]]:
        """The files that ``collect`` reads of these runs, searches and cards, by name."""
        trained = [run for run in runs if not self.study.is_untuned(run.objective)]
        files = {name: self.per_run(UNTUNED_FILES[name], runs) for name in ("metrics", "timing")}
        files |= {name: self.per_run(TRAINING_FILES[name], trained) for name in ("epochs", "epoch_seconds")}
        files["cards"] = cards
        if self.study.is_searching:
            files |= {name: self.per_search(file, searches) for name, file in SEARCH_FILES.items()}
        if self.study.settings.snapshots:
            taken = [run for run in self.study.runs_with("snapshots") if run in set(runs)]
            files["snapshots"] = self.per_run(SNAPSHOTS, taken)
            files["snapshot_settings"] = self.per_run(TRAINING_FILES["settings"], taken)
        return files

    def encoded(self, cell: Cell) -> dict[str, str]:
        """Tokens and encoder, and stored output of the frozen layers where the study freezes any."""
        inputs = {
            "tokens": f"{self.results}/tokens/{cell.corpus}/{cell.encoder}",
            "encoder": manifest_file("encoders", cell.encoder),
        }
        if self.study.frozen_layers(cell.encoder):
            inputs["frozen"] = f"{self.results}/frozen/{cell.corpus}/{cell.encoder}.safetensors"
        return inputs

    def tuning(self, experiment: CellOfObjective) -> dict[str, str]:
        """Inputs of a search: those of an encoder, and the estimates of sigma where the objective uses them."""
        inputs = self.encoded(experiment)
        if isinstance(self.study.objective(experiment.objective).value("sigma"), str):
            inputs["sigma"] = f"{self.results}/sigma/{experiment.corpus}/{experiment.encoder}.json"
        return inputs

    def untuned(self, experiment: CellOfObjective) -> dict[str, str]:
        """The texts of a corpus for an untuned objective without an encoder, else tokens and encoder."""
        return self.texts(experiment.corpus) if reads_texts(self.study, experiment) else self.encoded(experiment)

    def texts(self, corpus: str) -> dict[str, str]:
        """The prepared splits of a corpus."""
        return {split: f"{self.results}/corpora/{corpus}/{split}.parquet" for split in SPLITS}

    def training(self, experiment: CellOfObjective) -> dict[str, str]:
        """Inputs of a run of an experiment: those of a search, and what the search found where the study has one."""
        inputs = self.tuning(experiment)
        if not self.study.objective(experiment.objective).search:
            return inputs
        search = self.study.search_of(experiment)
        if self.study.is_searching:
            return {**inputs, "best": self.per_search(SEARCH_FILES["best"], [search])[0]}
        source = self.study.settings.tuning.taken_from
        found = f"{search_folder(search)}/{SEARCH_FILES['best']}"
        files = [f"results/{source}/{found}", f"results/{source}/{IMPORTED_FOLDER}/{found}"]
        for file in filter(self.is_there, files):
            return {**inputs, "best": file}
        raise SettingsError(f"{files[0]}: missing; tuning.taken_from needs a search of {source}: run it, or import it")

    def upstream_of(self, runs: list[Run]) -> list[str]:
        """The files that these runs and what is collected of them are made from, and those of the study's searches."""
        files = list(self.cards())
        for corpus in dict.fromkeys(run.corpus for run in runs):
            files += [*self.texts(corpus).values(), manifest_file("corpora", corpus)]
        for experiment in dict.fromkeys(Experiment(run.corpus, run.encoder, run.objective) for run in runs):
            untuned = self.study.is_untuned(experiment.objective)
            files += (self.untuned(experiment) if untuned else self.tuning(experiment)).values()
        for file in SEARCH_FILES.values():
            files += self.per_search(file, self.study.searches())
        return files

    def is_there(self, path: str) -> bool:
        """Whether a file is there."""
        return Path(self.on_disk(path)).is_file()

    def absolute(self, files: dict[str, list[str]]) -> dict[str, list[str]]:
        """Files by name, as absolute paths, which match the output of no job.

        A view of what is finished must not start the jobs behind its files: another Snakemake may be at work on them.
        """
        return {name: [str(Path(self.on_disk(path)).absolute()) for path in paths] for name, paths in files.items()}

    def missing(self, runs: list[Run], frames: list[str], products: list[str]) -> list[str]:
        """Missing files of runs that a study makes itself, and of what is made from them, that Snakemake does not miss.

        Snakemake removes the outputs of a job that fails, and does not miss them at the next attempt where what was
        made from them is there. Kept weights, and a download whose folder is gone too, were removed to save room.
        """
        files = {file: Path(self.on_disk(file)) for file in [*frames, *self.upstream_of(runs)]}
        missing = [
            file
            for file, path in files.items()
            if not path.exists() and (not file.startswith(DOWNLOADS) or path.parent.exists())
        ]
        collected, with_snapshots = any(map(self.is_there, [*frames, *products])), self.study.runs_with("snapshots")
        for run in runs:
            made = UNTUNED_FILES if self.study.is_untuned(run.objective) else TRAINING_FILES | EVALUATION_FILES
            names = [*made.values(), *[SNAPSHOTS] * (run in with_snapshots)]
            folder = f"{self.results}/{run_folder(run)}"
            there = {path.name for path in Path(self.on_disk(folder)).glob("*")}.intersection(names)
            missing += [f"{folder}/{name}" for name in names if name not in there and (there or collected)]
        return missing
