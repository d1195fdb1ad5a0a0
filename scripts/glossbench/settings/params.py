"""What the jobs of a study depend on besides their inputs, as params of rules: settings, and the digest of the code."""

import hashlib
from collections.abc import Iterable
from typing import Any, TypeVar

from glossbench.provenance import SCRIPTS, code_digest
from glossbench.settings import jobs
from glossbench.settings.keys import ObjectiveKey
from glossbench.settings.losses import LOSSES, file_of, is_custom
from glossbench.settings.model import Model, part_of
from glossbench.settings.paths import reads_texts
from glossbench.settings.study import Study
from glossbench.settings.study_file import Cell, Experiment, Run
from glossbench.settings.training import Maps

CARDS = "glossbench.data.cards"  # counts the test documents that evaluations leave out
M = TypeVar("M", bound=Model)


def run_params(study: Study, experiment: Experiment, snapshots: bool = False) -> dict[str, str]:
    """Params of the job that runs an experiment: ``settings``, JSON without the seed, and ``code``, a digest."""
    objective = study.objective(experiment.objective)
    given = {"objective": objective.for_runs(), "probe": objective.probe, "snapshots": snapshots}
    if study.is_untuned(experiment.objective):
        if reads_texts(study, experiment):  # and no encoder
            given |= {"encoder_settings": None, "max_length": None, "torch_threads": 1}
        untuned = _settings(jobs.UntunedSettings, study, experiment, **given)
        return _params("classify_untuned", untuned, f"glossbench.learning.untuned.{objective.classifier}", CARDS)
    return _trained("train", _settings(jobs.RunSettings, study, experiment, **given), objective)


def evaluation_params(study: Study, experiment: Experiment) -> dict[str, str]:
    """Params of the job that evaluates a run of an experiment, as those of ``run_params``."""
    return _params("evaluate", jobs.EvaluationSettings(probe=study.objective(experiment.objective).probe), CARDS)


def search_params(study: Study, experiment: Experiment) -> dict[str, str]:
    """Params of the job that searches the settings of an experiment, as those of ``run_params``."""
    tuning, objective = study.settings.tuning, study.objective(experiment.objective)
    trials = trials_of(study, experiment.objective)
    search = part_of(
        jobs.SearchSettings,
        tuning,
        trials=trials,
        pruning=objective.pruning,
        start=tuning.start_from.get(experiment.objective, ()),
        scored_by=objective.probe if tuning.keep_test_scores else None,
    )
    searched = objective.searched(trial_epochs(study, experiment.objective))
    given = _settings(jobs.TuneSettings, study, experiment, objective=searched, seed=tuning.seed, tuning=search)
    return _trained("tune", given, objective)


def trials_of(study: Study, objective: str) -> int:
    """Trials of the search for an objective."""
    tuning = study.settings.tuning
    return tuning.trials_by_objective.get(objective, tuning.trials)


def trial_epochs(study: Study, objective: str) -> int:
    """Most epochs of a trial of the search for an objective."""
    epochs = study.objective(objective).training.epochs
    return min(study.settings.tuning.epochs or epochs, epochs)


def frozen_settings(study: Study, cell: Cell) -> jobs.FrozenSettings:
    """What the stored output of the frozen layers of an encoder depends on."""
    layers = {"layers": study.settings.encoder.layers, "frozen_layers": study.frozen_layers(cell.encoder)}
    return _settings(jobs.FrozenSettings, study, cell, **layers, subset=study.stored_subset(cell.corpus))


def sigma_settings(study: Study, cell: Cell) -> jobs.SigmaSettings:
    """What estimates of sigma depend on."""
    return _settings(jobs.SigmaSettings, study, cell)


def collect_settings(study: Study, unfinished: Iterable[Run] = ()) -> jobs.CollectSettings:
    """What ``collect`` is given; unfinished: planned runs that are not among its inputs."""
    objectives = {key: ObjectiveKey.parse(key).columns() for key in study.objectives_resolved}
    resolved = [(run, study.objective(run.objective)) for run in unfinished]
    missing = [{**vars(run), "preset": of.preset, "protocol": of.protocol} for run, of in resolved]
    return jobs.CollectSettings(study=study.name, objectives=objectives, unfinished=missing)


def projection_settings(study: Study, runs: Iterable[Run]) -> jobs.ProjectionSettings:
    """What ``project_embeddings`` is given."""
    keys = [{**vars(run), **ObjectiveKey.parse(run.objective).columns()} for run in runs]
    return jobs.ProjectionSettings(projection=part_of(Maps, study.settings.projection), runs=keys)


def _settings(model: type[M], study: Study, cell: Cell, **more: Any) -> M:
    """Settings of a job on a cell: of the study's, and of ``more``, those that it has."""
    settings = study.settings
    known = {"device": settings.device, "torch_threads": settings.torch_threads, "subset": study.subset(cell.corpus)}
    known |= {"encoder_settings": settings.encoder, "max_length": settings.max_length}
    names = {"corpus": cell.corpus, "encoder": cell.encoder, "objective_key": getattr(cell, "objective", None)}
    return part_of(model, {**known, **names}, **more)


def _params(script: str, settings: Model, *modules: str) -> dict[str, str]:
    return {"settings": settings.to_json(), "code": code_digest(SCRIPTS / f"{script}.py", *modules)}


def _trained(script: str, settings: Model, objective: Any) -> dict[str, str]:
    """Params of a job that trains: its code includes that of the loss; for a custom loss, the digest of its file."""
    loss = objective.loss
    if not is_custom(loss):
        return _params(script, settings, *([f"glossbench.losses.{loss}"] if loss and LOSSES[loss].path is None else ()))
    params, file = _params(script, settings), file_of(loss)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()[:16] if file else "missing"
    return {**params, "code": f"{params['code']}-{digest}"}
