"""What the jobs of a study depend on besides their inputs: the settings and the digest of the code, as params of rules."""

from collections.abc import Callable, Container, Iterable
from pathlib import Path
from typing import Any, Protocol

from glossbench.provenance import code_digest, origin
from glossbench.settings.files import reads_texts, run_folder
from glossbench.settings.jobs import (
    CollectSettings,
    EvaluationSettings,
    FrozenSettings,
    ProjectionSettings,
    RunSettings,
    SearchJob,
    SigmaSettings,
    TuneSettings,
    UntunedSettings,
)
from glossbench.settings.keys import ObjectiveKey
from glossbench.settings.study import Study
from glossbench.settings.study_file import Run
from glossbench.settings.training import Maps, Search

SCRIPTS = Path(__file__).parents[2]
CARDS = "glossbench.data.cards"  # counts the test documents that evaluations leave out
Params = Callable[..., dict[str, str]]


class Cell(Protocol):
    """What names the runs of a cell: a run, a search, or Snakemake's wildcards."""

    corpus: str
    encoder: str
    objective: str


def run_params(study: Study, cell: Cell, snapshots: bool = False) -> dict[str, str]:
    """Params of the job that makes a run of a cell.

    Args:
        study: the study.
        cell: corpus, encoder and objective.
        snapshots: whether the run keeps snapshots of a mini-batch.

    Returns:
        ``settings``, without the seed, as JSON text, and ``code``, a digest.
    """
    objective = study.objective(cell.objective)
    if study.is_untuned(cell.objective):
        module = f"glossbench.learning.untuned.{objective.classifier}"
        code = code_digest(SCRIPTS / "classify_untuned.py", module, CARDS)
        return {"settings": untuned_settings(study, cell).to_json(), "code": code}
    code = code_digest(SCRIPTS / "train.py", *_loss_module(study, cell))
    return {"settings": run_settings(study, cell, snapshots).to_json(), "code": code}


def evaluation_params(study: Study, cell: Cell) -> dict[str, str]:
    """Params of the job that evaluates a run of a cell, as those of ``run_params``."""
    settings = EvaluationSettings(probe=study.objective(cell.objective).probe)
    return {"settings": settings.to_json(), "code": code_digest(SCRIPTS / "evaluate.py", CARDS)}


def search_params(study: Study, cell: Cell) -> dict[str, str]:
    """Params of the job that searches the settings of a cell, as those of ``run_params``."""
    code = code_digest(SCRIPTS / "tune.py", *_loss_module(study, cell))
    return {"settings": search_settings(study, cell).to_json(), "code": code}


def run_settings(study: Study, cell: Cell, snapshots: bool = False) -> RunSettings:
    """All that defines the runs of a cell besides their seed."""
    return RunSettings(
        **_cell(study, cell),
        objective=study.objective(cell.objective).told(),
        snapshots=snapshots,
        **reading(study, cell.corpus),
    )


def search_settings(study: Study, cell: Cell) -> TuneSettings:
    """All that defines a search."""
    tuning, objective = study.settings.tuning, study.objective(cell.objective)
    limits = {name: getattr(tuning, name) for name in Search.model_fields}
    limits["trials"] = trials_of(study, cell.objective)
    return TuneSettings(
        **_cell(study, cell),
        objective=objective.searched(trial_epochs(study, cell.objective)),
        seed=tuning.seed,
        tuning=SearchJob(**limits, pruning=objective.pruning),
        **reading(study, cell.corpus),
    )


def trials_of(study: Study, objective: str) -> int:
    """Trials of the search for an objective."""
    tuning = study.settings.tuning
    return tuning.trials_by_objective.get(objective, tuning.trials)


def trial_epochs(study: Study, objective: str) -> int:
    """Most epochs of a trial of the search for an objective."""
    return study.settings.tuning.epochs or study.objective(objective).training.epochs


def untuned_settings(study: Study, cell: Cell) -> UntunedSettings:
    """All that defines an untuned objective, besides its seed."""
    objective = study.objective(cell.objective)
    encoding = _cell(study, cell)
    if reads_texts(study, cell):
        encoding = {name: encoding[name] for name in ("corpus", "encoder", "objective_key")}
    else:
        encoding["torch_threads"] = study.settings.torch_threads
    return UntunedSettings(
        objective=objective.told(), probe=objective.probe, subset=study.subset(cell.corpus), **encoding
    )


def frozen_settings(study: Study, cell: Any) -> FrozenSettings:
    """What the stored output of the frozen layers of an encoder depends on."""
    layers = {"layers": study.settings.encoder.layers, "frozen_layers": study.frozen_layers(cell.encoder)}
    return FrozenSettings(**layers, **reading(study, cell.corpus))


def sigma_settings(study: Study, cell: Any) -> SigmaSettings:
    """What estimates of sigma depend on."""
    return SigmaSettings(encoder_settings=study.settings.encoder, **reading(study, cell.corpus))


def collect_settings(study: Study, unfinished: Iterable[Run] = ()) -> CollectSettings:
    """What ``collect`` is told; unfinished: planned runs that are not among its inputs."""
    objectives = {key: ObjectiveKey.parse(key).columns() for key in study.objectives_resolved}
    missing = []
    for run in unfinished:
        objective = study.objective(run.objective)
        missing.append({**vars(run), "preset": objective.preset, "protocol": objective.protocol})
    return CollectSettings(study=study.name, objectives=objectives, unfinished=missing)


def projection_settings(study: Study, runs: Iterable[Run]) -> ProjectionSettings:
    """What ``project_embeddings`` is told."""
    maps = Maps(**{name: getattr(study.settings.projection, name) for name in Maps.model_fields})
    return ProjectionSettings(
        projection=maps, runs=[{**vars(run), **ObjectiveKey.parse(run.objective).columns()} for run in runs]
    )


def settings_digests(
    study: Study, runs: Iterable[Run], imported: Container[Run], trained: Params, judged: Params
) -> dict[str, list[str] | None]:
    """Digests of the settings of the training and the evaluation of runs, by their folders; None for imported ones.

    Of a cell's seeds, which have the same settings, the folder of the cell stands for all.

    Args:
        study: The study.
        runs: Its runs, or some of them.
        imported: Those that were made elsewhere.
        trained: ``run_params`` of a run of the study.
        judged: ``evaluation_params`` of a run of the study.
    """
    found, with_snapshots = {}, set(study.runs_shown("snapshots"))
    for run in runs:
        if run in imported:
            found[run_folder(run)] = None
            continue
        own = run in with_snapshots
        place = run_folder(run) if own else str(Path(run_folder(run)).parent)
        if place not in found:
            made = trained(run, snapshots=True) if own else trained(run)
            both = (made, made if study.is_untuned(run.objective) else judged(run))
            found[place] = [origin(**params)["settings"] for params in both]
    return found


def reading(study: Study, corpus: str) -> dict[str, Any]:
    """Settings of what every job with an encoder reads and runs on."""
    settings = study.settings
    return {"device": settings.device, "torch_threads": settings.torch_threads, "subset": study.subset(corpus)}


def _cell(study: Study, cell: Cell) -> dict[str, Any]:
    return {
        "corpus": cell.corpus,
        "encoder": cell.encoder,
        "objective_key": cell.objective,
        "encoder_settings": study.settings.encoder,
        "max_length": study.max_length,
    }


def _loss_module(study: Study, cell: Cell) -> list[str]:
    loss = study.objective(cell.objective).loss
    return [f"glossbench.losses.{loss}"] if loss else []
