"""How runs are cut into jobs, and what these ask a scheduler for: minutes and memory.

Both are asked for by documents, epochs, length and encoder.
"""

import math
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path

from glossbench.paper import ENCODER, MAX_LENGTH, Facts, read_facts
from glossbench.settings.params import trial_epochs, trials_of
from glossbench.settings.study import Study
from glossbench.settings.study_file import Cell, Experiment, Run

# A request is generous: devices differ, and runs on small corpora start more often than they train. A job that needs
# longer than it asked for is cut off and goes on from its checkpoint.
SAFETY = 2.0
FEWEST_MINUTES = 20
EVALUATION_MINUTES = 10  # of all runs of a submission, beside each other; it takes seconds
SLOWER_CPU = 40  # times as long as on the paper's A100, on a core or two
PROCESS_MB = 2500  # Python, torch and the libraries of a device
BYTES_PER_PARAMETER = 24  # weights, gradient, two moments, best weights, and a copy of the weights for the checkpoint
UNKNOWN_PARAMETERS = 400e6  # of an encoder whose entry states none; memory is for them
MOST_MEMORY = 3  # an attempt that follows a time limit needs no more memory than the one before


class JobResources:
    """Minutes and megabytes to ask for, by experiment and attempt (1 for the first one)."""

    def __init__(self, study: Study, config_dir: Path):
        self.study, self.config_dir, self.most = study, config_dir, 60 * study.settings.max_runtime

    def run_minutes(self, experiment: Experiment, attempt: int, seeds: int = 1) -> int:
        """Minutes of all epochs of the runs of an experiment, one after the other."""
        epochs = seeds * self.study.objective(experiment.objective).training.epochs
        return self._limited(epochs * self._epoch(experiment), attempt, self.evaluation_minutes)

    @property
    def evaluation_minutes(self) -> int:
        """Minutes of the evaluation that is submitted with a run. They are added to those of the run."""
        return max(1, min(EVALUATION_MINUTES, int(self.most / 2)))

    def search_minutes(self, experiment: Experiment, attempt: int) -> int:
        """Minutes of all trials of a search, none of them pruned."""
        trials = trained_trials(self.study, experiment.objective) + trained_finals(self.study, experiment.objective)
        return self._limited(trials * trial_epochs(self.study, experiment.objective) * self._epoch(experiment), attempt)

    def encoding_minutes(self, cell: Cell, attempt: int) -> int:
        """Minutes of one pass over the documents of all splits: at most those of two epochs of training."""
        return self._limited(2 * self._epoch(cell, stored=True), attempt)

    def untuned_minutes(self, cell: Cell, attempt: int) -> int:
        """Minutes of one pass over the documents of all splits on a CPU."""
        return self._limited(2 * self._epoch(cell, on_gpu=False), attempt)

    def projection_minutes(self, cell: Cell, attempt: int) -> int:
        """Minutes of t-SNE of all runs of ``projection``: an hour for each attempt."""
        return math.ceil(min(60 * attempt, self.most))

    def memory_mb(self, cell: Cell, attempt: int) -> int:
        """Megabytes of the process, the encoder with all that is trained of it, and stored states of documents."""
        encoder = self.study.registries.encoders[cell.encoder]
        documents = sum(self._documents(cell.corpus, stored=True).values())
        # in half precision, or one embedding
        lengths = self.study.settings.max_length if self.study.frozen_layers(cell.encoder) else 2
        stored = 0 if math.isnan(documents) else 2 * documents * lengths * (encoder.hidden or 0)
        learned = BYTES_PER_PARAMETER * (encoder.parameters or UNKNOWN_PARAMETERS)
        return math.ceil((PROCESS_MB + (learned + stored) / 1e6) * min(attempt, MOST_MEMORY) / 100) * 100

    @cached_property
    def _facts(self) -> Facts:
        return read_facts(self.config_dir / "published")

    def _epoch(self, cell: Cell, on_gpu: bool = True, stored: bool = False) -> float:
        """Minutes of an epoch on the paper's device, or on a CPU; infinite where a size is not known.

        The speed is that of the paper's BERT-base, by the parameters of the encoder and by the length of a document.
        """
        encoders = self.study.registries.encoders
        measured = encoders[ENCODER].parameters if ENCODER in encoders else math.nan
        larger = (encoders[cell.encoder].parameters or math.nan) / measured
        longer = max(1.0, self.study.settings.max_length / MAX_LENGTH)
        slower = 1 if on_gpu and self.study.settings.device != "cpu" else SLOWER_CPU
        minutes = self._documents(cell.corpus, stored)["train"] / self._facts.speed * larger * longer * slower / 60
        return math.inf if math.isnan(minutes) else minutes

    def _limited(self, minutes: float, attempt: int, others: int = 0) -> int:
        """Minutes with what is added for safety, times the attempt; with ``others`` at most those of a job."""
        return max(1, math.ceil(min(attempt * max(FEWEST_MINUTES, SAFETY * minutes), self.most - others)))

    def _documents(self, corpus: str, stored: bool = False) -> dict[str, float]:
        """Documents by split that a run reads of a corpus, or that are ``stored`` for all; NaN: no size is known."""
        return documents_used(self.study, corpus, self._facts.documents, stored)


def gpu_resources(study: Study, environment: Mapping[str, str]) -> dict[str, int | str]:
    """Resources of a job that trains or encodes: a GPU unless the study's device is the CPU.

    The environment may have GLOSSBENCH_GPU_MODEL, the model of the GPU, or GLOSSBENCH_GRES, the generic resource to ask
    for instead at sites that know no ``--gpus``.
    """
    gres, model = environment.get("GLOSSBENCH_GRES"), environment.get("GLOSSBENCH_GPU_MODEL")
    if study.settings.device == "cpu":
        return {"gpu": 0}
    return {"gpu": 0, "gres": gres} if gres else {"gpu": 1, **({"gpu_model": model} if model else {})}


def seed_batches(study: Study, runs: Iterable[Run]) -> dict[tuple[int, ...], list[str]]:
    """Experiments by the seeds, among those of ``runs``, that one job trains; none where each seed has its own job."""
    size, apart = study.settings.seeds_per_job, set(study.runs_with("snapshots"))
    seeds: dict[str, list[int]] = {}
    for run in runs if size > 1 else []:
        if run not in apart and not study.is_untuned(run.objective):
            seeds.setdefault(f"{run.corpus}/{run.encoder}/{run.objective}", []).append(run.seed)
    found: dict[tuple[int, ...], list[str]] = {}
    for experiment, members in seeds.items():
        for start in range(0, len(members), size):
            found.setdefault(tuple(members[start : start + size]), []).append(experiment)
    return found


def submission_name(experiment: str, seeds: tuple[int, ...]) -> str:
    """Name of one submission: seeds of an experiment, trained and evaluated. SLURM shows it in the job's comment."""
    return f"{experiment.replace('/', '_')}_{'seed' if len(seeds) == 1 else 'seeds'}-{'-'.join(map(str, seeds))}"


def trained_trials(study: Study, objective: str) -> int:
    """The most trials that a search trains: as many as it has or, if it is smaller, the number of its proposals."""
    search = study.objective(objective).search
    return int(min(trials_of(study, objective), math.prod(space.size for space in search.values())))


def trained_finals(study: Study, objective: str) -> int:
    """Trainings of finalists of a search."""
    finals = study.settings.tuning.finals
    return min(finals.trials, trained_trials(study, objective)) * finals.seeds if finals else 0


def documents_used(
    study: Study, corpus: str, published: dict[str, tuple[int, int]], stored: bool = False
) -> dict[str, float]:
    """Documents by split that a run reads of a corpus, or that are ``stored`` for all runs; see ``documents_of``."""
    subset = (study.stored_subset if stored else study.subset)(corpus)
    return {split: getattr(subset, split) or size for split, size in documents_of(study, corpus, published).items()}


def documents_of(study: Study, corpus: str, published: dict[str, tuple[int, int]]) -> dict[str, float]:
    """Documents by split, from the registry or else from the paper; NaN if unknown.

    Of the paper's numbers, by corpus in ``published``, the documents to learn from count as training documents.
    """
    if stated := study.registries.corpora[corpus].documents:
        return dict(stated)
    learned, tested = published.get(corpus, (math.nan, math.nan))
    return {"train": learned, "val": 0, "test": tested}
