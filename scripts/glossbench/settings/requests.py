"""What jobs ask a scheduler for: minutes and memory, from documents, epochs, length and encoder."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from glossbench.paper import read_facts
from glossbench.settings.params import Cell, trial_epochs, trials_of
from glossbench.settings.study import Study
from glossbench.settings.training import Choices, Range

# A request is generous: devices differ, and runs on small corpora start more often than they train. A job that needs
# longer than it asked for is cut off and goes on from its checkpoint.
SAFETY = 2.0
FEWEST_MINUTES = 20
EVALUATION_MINUTES = 10  # of all runs of a submission, beside each other; it takes seconds
PAPER_LENGTH = 128  # tokens per document in the paper, at whose speed jobs are planned
SLOWER_CPU = 40  # times as long as on the paper's A100, on a core or two
MEASURED = "bert-base"  # the encoder of T3, which has the paper's times
PROCESS_MB = 2500  # Python, torch and the libraries of a device
BYTES_PER_PARAMETER = 24  # weights, gradient, two moments, best weights, and a copy of the weights for the checkpoint
UNKNOWN_PARAMETERS = 400e6  # of an encoder whose entry states none; memory is for them
MOST_MEMORY = 3  # an attempt that follows a time limit needs no more memory than the one before


def run_minutes(study: Study, cell: Cell, seeds: int, attempt: int, config_dir: Path) -> int:
    """Minutes to ask for: all epochs of the runs of a cell, one after the other.

    Args:
        study: The study.
        cell: Corpus, encoder and objective.
        seeds: Number of runs in the job.
        attempt: 1 for the first one.
        config_dir: Folder with published/.
    """
    epochs = study.objective(cell.objective).training.epochs
    needed = seeds * epochs * epoch_seconds(study, cell, config_dir) / 60
    return _limited(study, needed, attempt, evaluation_minutes(study))


def evaluation_minutes(study: Study) -> int:
    """Minutes to ask for the evaluation that is submitted with a run. They are added to those of the run."""
    return max(1, min(EVALUATION_MINUTES, int(30 * study.settings.max_runtime)))


def search_minutes(study: Study, cell: Cell, attempt: int, config_dir: Path) -> int:
    """Minutes to ask for: all trials of a search, none of them pruned."""
    trials = trained_trials(study.objective(cell.objective).search, trials_of(study, cell.objective))
    epochs = trial_epochs(study, cell.objective)
    return _limited(study, trials * epochs * epoch_seconds(study, cell, config_dir) / 60, attempt)


def encoding_minutes(study: Study, cell: Any, attempt: int, config_dir: Path, on_gpu: bool = True) -> int:
    """Minutes to ask for one pass over the documents of all splits: at most those of two epochs of training."""
    return _limited(study, 2 * epoch_seconds(study, cell, config_dir, on_gpu) / 60, attempt)


def projection_minutes(study: Study, cell: Any, attempt: int, config_dir: Path) -> int:
    """Minutes to ask for t-SNE of all runs that are shown: an hour for each attempt."""
    return math.ceil(min(60 * attempt, 60 * study.settings.max_runtime))


def memory_mb(study: Study, cell: Any, attempt: int, config_dir: Path) -> int:
    """Megabytes to ask for: the process, the encoder with all that is trained of it, and stored states of documents."""
    encoder = study.registry["encoders"][cell.encoder]
    parameters, hidden = encoder.parameters or UNKNOWN_PARAMETERS, encoder.hidden or 0
    documents = sum(_used(study, cell.corpus, config_dir).values())
    lengths = study.max_length if study.frozen_layers(cell.encoder) else 2  # in half precision, or one embedding
    stored = 0 if math.isnan(documents) else 2 * documents * lengths * hidden
    megabytes = PROCESS_MB + (BYTES_PER_PARAMETER * parameters + stored) / 1e6
    return math.ceil(megabytes * min(attempt, MOST_MEMORY) / 100) * 100


def gpu_request(study: Study, environment: Mapping[str, str]) -> dict[str, int | str]:
    """Resources of a job that trains or encodes: a GPU unless the study's device is the CPU.

    Args:
        study: The study.
        environment: May have GLOSSBENCH_GRES, the generic resource to ask for instead at sites that know no ``--gpus``,
            or GLOSSBENCH_GPU_MODEL, the model of the GPU.
    """
    if study.settings.device == "cpu":
        return {"gpu": 0}
    if gres := environment.get("GLOSSBENCH_GRES"):
        return {"gpu": 0, "gres": gres}
    model = environment.get("GLOSSBENCH_GPU_MODEL")
    return {"gpu": 1, **({"gpu_model": model} if model else {})}


def submission(cell: str, seeds: tuple[int, ...]) -> str:
    """Name of what is submitted as one job: the training of some seeds of a cell, and their evaluation.

    SLURM shows it in the comment of the job.

    Args:
        cell: ``corpus/encoder/objective``.
        seeds: Those that one job trains.
    """
    return f"{cell.replace('/', '_')}_{'seed' if len(seeds) == 1 else 'seeds'}-{'-'.join(map(str, seeds))}"


def epoch_seconds(study: Study, cell: Any, config_dir: Path, on_gpu: bool = True) -> float:
    """Seconds of an epoch on the paper's device, or on a CPU; infinite where a size is not known.

    The speed is that of the paper's BERT-base, by the parameters of the encoder and by the length of a document.
    """
    encoders = study.registry["encoders"]
    speed = read_facts(config_dir / "published").speed
    measured = encoders[MEASURED].parameters if MEASURED in encoders else math.nan
    parameters = encoders[cell.encoder].parameters or math.nan
    longer = max(1.0, study.max_length / PAPER_LENGTH)
    longer *= 1 if on_gpu and study.settings.device != "cpu" else SLOWER_CPU
    seconds = _used(study, cell.corpus, config_dir)["train"] / speed * parameters / measured * longer
    return math.inf if math.isnan(seconds) else seconds


def _limited(study: Study, minutes: float, attempt: int, others: int = 0) -> int:
    """Minutes with what is added for safety, times the attempt; with ``others`` at most the study's ``max_runtime``."""
    most = 60 * study.settings.max_runtime - others
    return max(1, math.ceil(min(attempt * max(FEWEST_MINUTES, SAFETY * minutes), most)))


def _used(study: Study, corpus: str, config_dir: Path) -> dict[str, float]:
    """Documents by split that a study reads of a corpus; NaN where no size is known."""
    sizes = documents_of(study, corpus, read_facts(config_dir / "published").documents)
    return {split: getattr(study.subset(corpus), split) or sizes[split] for split in ("train", "val", "test")}


def trained_trials(search: Mapping[str, Choices | Range], trials: int) -> int:
    """The most trials that a search trains: their number or, if it is smaller, that of the distinct proposals.

    Args:
        search: Space by setting.
        trials: Trials of the search.
    """
    return int(min(trials, math.prod(space.size for space in search.values())))


def documents_of(study: Study, corpus: str, published: dict[str, tuple[int, int]]) -> dict[str, float]:
    """Documents by split, from the registry or else from the paper; NaN if unknown.

    Args:
        study: The study.
        corpus: Its key.
        published: By corpus, the paper's number of documents to learn from and to test on. The former count as training
            documents.
    """
    stated = study.registry["corpora"][corpus].documents
    if stated:
        return dict(stated)
    learned, tested = published.get(corpus, (math.nan, math.nan))
    return {"train": learned, "val": 0, "test": tested}
