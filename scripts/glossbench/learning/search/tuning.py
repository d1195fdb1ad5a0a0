"""Tuning of an objective's settings on the validation documents with Optuna, resumed after a kill."""

import hashlib
import json
import logging
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pandas as pd
from optuna.samplers import TPESampler
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial, TrialState

from glossbench.errors import TrainingError
from glossbench.learning.devices import reproducible
from glossbench.learning.training.inputs import RunFiles, load_splits, resolve
from glossbench.learning.training.run import make_trainer
from glossbench.settings.jobs import SearchJob, TuneSettings
from glossbench.settings.model import canonical
from glossbench.settings.training import Choices, Space

log = logging.getLogger(__name__)
optuna.logging.disable_default_handler()
optuna.logging.enable_propagation()

STATES = {TrialState.COMPLETE: "complete", TrialState.PRUNED: "pruned", TrialState.FAIL: "failed"}
SCORES = {"integrated": "val_macro_f1", "standalone": "val_macro_silhouette"}
NAME = "search"


def tune(settings: TuneSettings, files: RunFiles, journal: Path, key: str) -> optuna.Study:
    """Run trials until their number or the time limit is reached. Test documents are not read.

    Args:
        settings: a run's settings, with the settings of the search under "tuning". All trials have the run's seed.
        files: inputs of the trials.
        journal: file for the trials, which survives a kill.
        key: digest of all that defines the search; a journal with another key is ignored.

    Returns:
        The search with all its trials.

    Raises:
        TrainingError: if no trial completes.
    """
    tuning, objective = settings.tuning, settings.objective
    device = reproducible(settings.device, settings.torch_threads)
    splits = load_splits(files, settings.subset.of_run(settings.seed), device, names=("train", "val"))
    estimates = files.estimates()

    def score(trial: optuna.Trial, found: dict[str, float]) -> float:
        log.info("trial %d: %s", trial.number, found)
        resolved = resolve(objective, found, estimates)
        scores: list[float] = []

        def after_epoch(epoch: int, value: float) -> None:
            scores.append(value)
            trial.report(value, epoch)
            if tuning.pruning != "never" and trial.should_prune():
                raise optuna.TrialPruned(f"epoch {epoch}: {value:.4f} is below the median")

        trainer, _ = make_trainer(settings, resolved, files, splits, device, after_epoch=after_epoch)
        try:
            return trainer.fit().stopping.best
        except optuna.TrialPruned as reason:
            if tuning.pruning != "complete":
                raise
            log.info("trial %d stopped early, and counts as complete: %s", trial.number, reason)
            return max(scores)

    study = open_study(journal, key, tuning)
    while (number := len(study.trials)) < tuning.trials:
        seconds = sum(trial.duration.total_seconds() for trial in study.trials)
        if tuning.timeout is not None and seconds > tuning.timeout:
            log.warning("%s seconds are over after %d of %d trials", tuning.timeout, number, tuning.trials)
            break
        study.sampler = sampler(tuning, number)
        try_once(study, objective.search, score)
    if not study.get_trials(states=(TrialState.COMPLETE,)):
        reasons = sorted({trial.user_attrs.get("reason", "stopped early") for trial in study.trials})
        reason = "; ".join(reasons) or "no time for any"
        raise TrainingError(f"{settings.name}: no trial of the search completed: {reason}")
    return study


def try_once(study: optuna.Study, search: dict[str, Space], score: Callable[..., float]) -> None:
    """Ask for a trial and tell its score.

    That of an earlier trial of the same settings is taken over, with its state; ``repeats`` is then its number.
    """
    trial = study.ask()
    found = settings_of(trial, search)
    before = study.get_trials(deepcopy=False, states=tuple(STATES))
    same = next((tried for tried in before if settings_of(tried, search) == found), None)
    if same is not None:
        log.info("trial %d has the settings of trial %d and takes over its result", trial.number, same.number)
        for name, value in ({"repeats": same.number} | same.user_attrs).items():
            trial.set_user_attr(name, value)
        for epoch, value in same.intermediate_values.items():
            trial.report(value, epoch)
        study.tell(trial, same.value if same.state == TrialState.COMPLETE else None, same.state)
        return
    try:
        value = score(trial, found)
    except optuna.TrialPruned as reason:
        log.info("trial %d stopped early: %s", trial.number, reason)
        study.tell(trial, state=TrialState.PRUNED)
    except TrainingError as error:
        log.warning("trial %d failed: %s", trial.number, error)
        trial.set_user_attr("reason", str(error))
        study.tell(trial, state=TrialState.FAIL)
    else:
        study.tell(trial, value)
        log.info("trial %d: %.4f", trial.number, value)


def tuning_key(settings: TuneSettings) -> str:
    """Canonical JSON of all settings but the limits of the search, so that a longer search resumes a shorter one."""
    return canonical(settings.model_dump(mode="json", exclude={"tuning": {"trials", "timeout"}}))


def open_study(journal: Path, key: str, tuning: SearchJob) -> optuna.Study:
    """Open the search in a journal, or a new one if there is none.

    A trial that was interrupted is dropped, and the next one gets its number. Since the sampler is seeded by the
    number and knows the same finished trials, it proposes the same settings again.

    Args:
        journal: file with the trials. If it is damaged or has another key, it is not used, and the log has a warning.
        key: digest of all that defines the search.
        tuning: settings of the search.
    """
    finished: list[FrozenTrial] = []
    if journal.is_file():
        try:
            before = optuna.load_study(study_name=NAME, storage=_storage(journal))
            if before.user_attrs.get("key") == key:
                finished = before.get_trials(deepcopy=False, states=tuple(STATES))[: tuning.trials]
            else:
                log.warning("%s: belongs to other settings, code or inputs; ignored", journal)
        except (KeyError, ValueError, RuntimeError) as error:
            aside = journal.replace(journal.with_suffix(".damaged"))
            log.warning("%s: damaged (%s); set aside as %s, and the search starts anew", journal, error, aside)
    journal.parent.mkdir(parents=True, exist_ok=True)
    fresh = journal.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    study = optuna.create_study(study_name=NAME, storage=_storage(fresh), direction="maximize")
    study.set_user_attr("key", key)
    study.add_trials(finished)
    fresh.replace(journal)
    if finished:
        log.info("going on after %d finished trials", len(finished))
    pruner = optuna.pruners.MedianPruner(tuning.pruner.startup_trials, tuning.pruner.warmup_epochs)
    return optuna.load_study(study_name=NAME, storage=_storage(journal), pruner=pruner)


class CheckedJournal(JournalFileBackend):
    """A journal whose lines have a checksum: Optuna takes any other number for the one that was written."""

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Write lines with their checksums."""
        super().append_logs([{**line, "sha256": self.digest(line)} for line in logs])

    def read_logs(self, log_number_from: int) -> Iterator[dict[str, Any]]:
        """Lines as they were written."""
        for number, line in enumerate(super().read_logs(log_number_from), start=log_number_from + 1):
            if not isinstance(line, dict) or line.pop("sha256", None) != self.digest(line):
                raise ValueError(f"line {number} is not what was written")
            yield line

    @staticmethod
    def digest(line: dict[str, Any]) -> str:
        """The checksum of a line."""
        return hashlib.sha256(json.dumps(line).encode()).hexdigest()


def _storage(journal: Path) -> JournalStorage:
    return JournalStorage(CheckedJournal(str(journal)))


def sampler(tuning: SearchJob, number: int) -> TPESampler:
    """The sampler of a trial, seeded by the trial's number."""
    options = tuning.sampler
    return TPESampler(
        seed=int(np.random.SeedSequence([tuning.seed, number]).generate_state(1)[0]),
        n_startup_trials=options.startup_trials,
        n_ei_candidates=options.candidates,
        multivariate=options.multivariate,
    )


def settings_of(trial: optuna.Trial | FrozenTrial, search: dict[str, Space]) -> dict[str, float]:
    """The values of a trial by setting: proposed ones if it is running, else those that it had."""
    if isinstance(trial, FrozenTrial):
        trial = optuna.trial.FixedTrial(trial.params)
    found = {}
    for name, space in search.items():
        if isinstance(space, Choices):
            found[name] = trial.suggest_categorical(name, space.choices)
        else:
            value = trial.suggest_float(name, space.low, space.high, step=space.step, log=space.log)
            found[name] = value if space.step is None else round(value, 12)  # 0.3 instead of 0.30000000000000004
    return found


def trials_frame(study: optuna.Study, search: dict[str, Space]) -> pd.DataFrame:
    """One row per finished trial: number, state, value, epochs, best, seconds, and a column for each searched setting.

    ``repeats`` is the number of the earlier trial whose result was taken over, missing for trials that were trained.
    """
    rows = []
    for trial in study.trials:
        scores = trial.intermediate_values
        failed = trial.state == TrialState.FAIL or not scores
        rows.append(
            {
                "trial": trial.number,
                "state": STATES[trial.state],
                "value": math.nan if failed else max(scores.values()),
                "epochs": len(scores),
                "best": trial.number == study.best_trial.number,
                "repeats": trial.user_attrs.get("repeats"),
                **settings_of(trial, search),
                "seconds": trial.duration.total_seconds(),
            }
        )
    return pd.DataFrame(rows).astype({"repeats": "Int64"})


def best_found(settings: TuneSettings, trials: pd.DataFrame) -> dict[str, Any]:
    """Content of best.yaml: the best settings, their score, and the search space."""
    best, objective = trials[trials["best"]].iloc[0], settings.objective
    return {
        "settings": {name: float(best[name]) for name in objective.search},
        "score": SCORES[objective.protocol],
        "value": float(best["value"]),
        "trial": int(best["trial"]),
        "search": settings.model_dump(mode="json")["objective"]["search"],
        **{key: getattr(settings, key) for key in ("corpus", "encoder", "objective_key")},
        **{key: getattr(objective, key) for key in ("preset", "protocol")},
    }
