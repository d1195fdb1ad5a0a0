"""The search for an objective's settings on the validation documents, with Optuna; a killed search goes on."""

import json
import logging
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pandas as pd
from optuna.samplers import TPESampler
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState

from glossbench.errors import TrainingError
from glossbench.learning.memory import memory_named
from glossbench.learning.resolve import with_choices
from glossbench.learning.runs import RunFiles, load_splits, make_trainer, micro_batch_size, reproducible, run_name

log = logging.getLogger(__name__)
optuna.logging.disable_default_handler()
optuna.logging.enable_propagation()

STATES = {TrialState.COMPLETE: "complete", TrialState.PRUNED: "pruned", TrialState.FAIL: "failed"}
SCORES = {"integrated": "val_macro_f1", "standalone": "val_macro_silhouette"}
NAME = "search"


def search(settings: dict[str, Any], files: RunFiles, journal: Path, key: str) -> optuna.Study:
    """Try settings until as many trials have finished as were asked for, or the time is up.

    settings: a run's settings (their seed is that of every trial) and under "tuning" the search's. journal: file
    that outlives a kill. key: digest of all that defines the search; a journal with another one is put aside. No
    test document is read. Raises TrainingError where no trial completes.
    """
    tuning, objective = settings["tuning"], settings["objective"]
    device = reproducible(settings["device"], settings["torch_threads"])
    splits = load_splits(settings, files, device, names=("train", "val"))
    estimates = files.estimates()
    trials = open_study(journal, key, tuning)

    def score(trial: optuna.Trial) -> float:
        found = {name: suggest(trial, name, space) for name, space in objective["search"].items()}
        log.info("trial %d: %s", trial.number, found)
        chosen = with_choices(objective, found, estimates)

        def after_epoch(epoch: int, value: float) -> None:
            trial.report(value, epoch)
            if trial.should_prune():
                raise optuna.TrialPruned(f"epoch {epoch}: {value:.4f} is below the median")

        with memory_named("before the first epoch", micro_batch_size(chosen, device)):
            trainer, _ = make_trainer(settings, chosen, files, splits, device, after_epoch=after_epoch)
        return trainer.fit().stopping.best

    try:
        try_until(trials, score, tuning)
    except TrainingError as error:
        raise TrainingError(f"{run_name(settings)}: {error}") from None
    return trials


def search_key(settings: dict[str, Any]) -> str:
    """What defines a search beside its inputs: not how long it goes on, so that a longer one goes on from a shorter."""
    tuning = {name: value for name, value in settings["tuning"].items() if name not in ("trials", "timeout")}
    return json.dumps({**settings, "tuning": tuning}, sort_keys=True)


def open_study(journal: Path, key: str, tuning: dict[str, Any]) -> optuna.Study:
    """The search in ``journal`` with all its finished trials, or a new one.

    A trial that was cut off is left out, so that the next one has its number; since the sampler is seeded by that
    number and sees the same finished trials, it proposes the same settings. A journal that belongs to other
    settings, code or inputs, or is damaged, is ignored with a warning.
    """
    finished = []
    if journal.is_file():
        try:
            before = optuna.load_study(study_name=NAME, storage=_storage(journal))
            if before.user_attrs.get("key") == key:
                finished = [trial for trial in before.get_trials(deepcopy=False) if trial.state in STATES]
                finished = finished[: tuning["trials"]]
            else:
                log.warning("%s: belongs to other settings, code or inputs; ignored", journal)
        except (KeyError, ValueError, RuntimeError) as error:
            log.warning("%s: damaged (%s); ignored", journal, error)
    journal.parent.mkdir(parents=True, exist_ok=True)
    fresh = journal.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    study = _new_study(fresh, key, tuning)
    study.add_trials(finished)
    fresh.replace(journal)
    if finished:
        log.info("going on after %d finished trials", len(finished))
    return optuna.load_study(study_name=NAME, storage=_storage(journal), pruner=_pruner(tuning))


def try_until(study: optuna.Study, score: Callable[[optuna.Trial], float], tuning: dict[str, Any]) -> None:
    """Run trials, one after the other, until ``trials`` of them have finished or have taken ``timeout`` seconds."""
    while (number := len(study.get_trials(deepcopy=False))) < tuning["trials"]:
        if tuning["timeout"] is not None and seconds_frame(study)["seconds"].sum() > tuning["timeout"]:
            log.warning("%s seconds are over after %d of %d trials", tuning["timeout"], number, tuning["trials"])
            break
        study.sampler = sampler(tuning, number)
        trial = study.ask()
        try:
            value = score(trial)
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
    if not study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)):
        reasons = {trial.user_attrs.get("reason", "stopped early") for trial in study.get_trials(deepcopy=False)}
        raise TrainingError(f"no trial of the search completed: {'; '.join(sorted(reasons)) or 'no time for any'}")


def sampler(tuning: dict[str, Any], number: int) -> TPESampler:
    """The sampler of trial ``number``, seeded by it; every option that is not deprecated is written out."""
    wanted = tuning["sampler"]
    return TPESampler(
        seed=int(np.random.SeedSequence([tuning["seed"], number]).generate_state(1)[0]),
        n_startup_trials=wanted["startup_trials"],
        n_ei_candidates=wanted["candidates"],
        multivariate=wanted["multivariate"],
        group=False,
        constant_liar=False,
    )


def suggest(trial: optuna.Trial, name: str, space: dict[str, Any]) -> float:
    """A value of one setting from its search space."""
    if "choices" in space:
        return trial.suggest_categorical(name, space["choices"])
    step = space.get("step")
    value = trial.suggest_float(name, space["low"], space["high"], step=step, log=space.get("log", False))
    return value if step is None else round(value, 12)  # 0.30000000000000004 is 0.3


def trials_frame(study: optuna.Study, search: dict[str, Any]) -> pd.DataFrame:
    """One row a finished trial: number, state, value, epochs, best, and a column for each searched setting."""
    rows = []
    for trial in study.get_trials(deepcopy=False):
        known = {name: suggest(optuna.trial.FixedTrial(trial.params), name, space) for name, space in search.items()}
        scores = trial.intermediate_values
        value = max(scores.values()) if scores and trial.state != TrialState.FAIL else math.nan
        rows.append(
            {
                "trial": trial.number,
                "state": STATES[trial.state],
                "value": value,
                "epochs": len(scores),
                "best": trial.number == study.best_trial.number,
                **known,
            }
        )
    return pd.DataFrame(rows)


def seconds_frame(study: optuna.Study) -> pd.DataFrame:
    """Seconds of each finished trial; apart from all else, since they differ from one time to the next."""
    trials = study.get_trials(deepcopy=False)
    seconds = [(trial.datetime_complete - trial.datetime_start).total_seconds() for trial in trials]
    return pd.DataFrame({"trial": [trial.number for trial in trials], "seconds": seconds})


def best_found(settings: dict[str, Any], trials: pd.DataFrame) -> dict[str, Any]:
    """What best.yaml holds: the chosen settings, their score, and the search behind them."""
    best = trials[trials["best"]].iloc[0]
    objective = settings["objective"]
    return {
        "settings": {name: float(best[name]) for name in objective["search"]},
        "score": SCORES[objective["protocol"]],
        "value": float(best["value"]),
        "trial": int(best["trial"]),
        "search": objective["search"],
        **{key: settings[key] for key in ("corpus", "encoder", "objective_key")},
        **{key: objective[key] for key in ("preset", "protocol")},
    }


def _pruner(tuning: dict[str, Any]) -> optuna.pruners.MedianPruner:
    wanted = tuning["pruner"]
    return optuna.pruners.MedianPruner(
        n_startup_trials=wanted["startup_trials"],
        n_warmup_steps=wanted["warmup_epochs"],
        interval_steps=1,
        n_min_trials=1,
    )


def _storage(journal: Path) -> JournalStorage:
    return JournalStorage(JournalFileBackend(str(journal)))


def _new_study(journal: Path, key: str, tuning: dict[str, Any]) -> optuna.Study:
    study = optuna.create_study(
        study_name=NAME, storage=_storage(journal), direction="maximize", pruner=_pruner(tuning)
    )
    study.set_user_attr("key", key)
    return study
