"""Tuning of an objective's settings on the validation documents with Optuna, resumed after a kill."""

import logging
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pandas as pd
from optuna.trial import FrozenTrial, TrialState

from glossbench.data.splitting import subset_of_run
from glossbench.errors import TrainingError
from glossbench.learning.devices import choose_device
from glossbench.learning.evaluation.metrics import classify
from glossbench.learning.evaluation.scores import accuracy, macro_f1
from glossbench.learning.training.inputs import RunInputs, Splits, load_splits, with_found_values
from glossbench.learning.training.run import encode_splits, make_trainer
from glossbench.learning.training.trainer import Trainer
from glossbench.learning.tuning.journal import STATES, open_study
from glossbench.learning.tuning.sampling import sampler
from glossbench.settings.jobs import TuneSettings
from glossbench.settings.model import SCORES, canonical
from glossbench.settings.search import Choices, Space
from glossbench.settings.training import Probe

log = logging.getLogger(__name__)
optuna.logging.disable_default_handler()
optuna.logging.enable_propagation()

Finalists = dict[int, list[float]]
# What a trial may have besides its scores, and the value of trials without it.
KEPT = {"start": False, "test_accuracy": math.nan, "test_macro_f1": math.nan}


def tune(settings: TuneSettings, inputs: RunInputs, journal: Path, key: str) -> optuna.Study:
    """Run trials until their number or the time limit is reached. Nothing that is chosen depends on test documents.

    Args:
        settings: a run's settings, with the settings of the search under "tuning". All trials have the run's seed.
        inputs: Files that the trials read.
        journal: File for the trials, which survives a kill.
        key: Digest of all that defines the search; a journal with another key is ignored.

    Returns:
        The search with all its trials.

    Raises:
        TrainingError: If no trial completes.
    """
    tuning, objective = settings.tuning, settings.objective
    fit = Fitting(settings, inputs, ("train", "val", "test") if tuning.scored_by else ("train", "val"))

    def score(trial: optuna.Trial, found: dict[str, float]) -> float:
        log.info("trial %d: %s", trial.number, found)
        scores: list[float] = []

        def after_epoch(epoch: int, value: float) -> None:
            scores.append(value)
            trial.report(value, epoch)
            if tuning.pruning != "never" and trial.should_prune():
                raise optuna.TrialPruned(f"epoch {epoch}: {value:.4f} is below the median")

        try:
            trainer, best = fit(found, settings.seed, after_epoch)
        except optuna.TrialPruned as reason:
            if tuning.pruning != "complete":
                raise
            log.info("trial %d stopped early, and counts as complete: %s", trial.number, reason)
            return max(scores)
        if tuning.scored_by:
            for name, value in scores_on_test(trainer, fit.splits, tuning.scored_by).items():
                trial.set_user_attr(name, value)
        return best

    study = open_study(journal, key, tuning, tuning.trials)
    while (number := len(study.trials)) < tuning.trials:
        seconds = sum(trial.duration.total_seconds() for trial in study.trials)
        if tuning.timeout is not None and seconds > tuning.timeout:
            log.warning(
                "the time limit of %s seconds was reached after %d of %d trials", tuning.timeout, number, tuning.trials
            )
            break
        study.sampler = sampler(tuning, number, f"{settings.corpus}/{settings.encoder}")
        if number < len(tuning.start):
            study.enqueue_trial(dict(tuning.start[number]), user_attrs={"start": True})
        try_once(study, objective.search, score)
    if not study.get_trials(states=(TrialState.COMPLETE,)):
        reasons = sorted({trial.user_attrs.get("reason", "stopped early") for trial in study.trials})
        reason = "; ".join(reasons) or "no time for any"
        raise TrainingError(f"{settings.name}: no trial of the search completed: {reason}")
    return study


class Fitting:
    """What trains a model for each trial of a search. It keeps the documents, which all trials of a seed share.

    Args:
        settings: Of the search.
        inputs: Files that it reads.
        names: Splits to load: "train" and "val", and "test" where trials are scored on it.

    Attributes:
        splits: the documents of the last call.
    """

    def __init__(self, settings: TuneSettings, inputs: RunInputs, names: Sequence[str]):
        self.settings, self.inputs, self.names = settings, inputs, names
        self.device = choose_device(settings.device, settings.torch_threads)
        self.estimates = inputs.estimates()
        self._drawn_by: int | None = None

    def __call__(
        self, found: dict[str, float], seed: int, after_epoch: Callable[[int, float], None] | None = None
    ) -> tuple[Trainer, float]:
        """Train with the settings of a trial.

        Args:
            found: Value of each searched setting.
            seed: Of the training and, where each seed draws its own documents, of the draw.
            after_epoch: Called with each epoch and its validation score; an exception that it raises ends the training.

        Returns:
            The trainer after the training, and the best validation score.
        """
        if self._drawn_by is None or (self.settings.subset.draw == "seed" and self._drawn_by != seed):
            subset = subset_of_run(self.settings.subset, seed)
            self.splits = load_splits(self.inputs, subset, self.device, names=self.names)
            self._drawn_by = seed
        settings = self.settings.model_copy(update={"seed": seed})
        resolved = with_found_values(self.settings.objective, found, self.estimates)
        trainer = make_trainer(settings, resolved, self.inputs, self.splits, self.device, after_epoch=after_epoch)
        return trainer, trainer.fit().stopping.best


def scores_on_test(trainer: Trainer, splits: Splits, probe: Probe) -> dict[str, float]:
    """Accuracy and macro-F1 (fractions) of a trained model on the test documents."""
    embeddings, logits = encode_splits(trainer, splits)
    predicted = classify(trainer.protocol, embeddings, logits, probe)[0]
    labels = embeddings["test_label"]
    return {"test_accuracy": accuracy(labels, predicted), "test_macro_f1": macro_f1(labels, predicted)}


def run_finals(study: optuna.Study, settings: TuneSettings, inputs: RunInputs, journal: Path, key: str) -> Finalists:
    """Train the best trials anew with several seeds.

    Args:
        study: The search.
        settings: Of the search; ``tuning.finals`` says how many trials and seeds.
        inputs: Files that it reads.
        journal: File for what is trained, which survives a kill.
        key: Digest of all that defines the search.

    Returns:
        Validation scores of each finalist by the number of its trial; NaN where training failed. Empty without finals.
    """
    finals, search = settings.tuning.finals, settings.objective.search
    if finals is None:
        return {}
    complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    distinct = [trial for trial in complete if "repeats" not in trial.user_attrs]
    best = sorted(distinct, key=lambda trial: (-trial.value, trial.number))[: finals.trials]
    fit, found = Fitting(settings, inputs, ("train", "val")), {}
    trained = open_study(journal, key, settings.tuning)
    known = {(one.user_attrs["trial"], one.user_attrs["seed"]): one.value for one in trained.trials}
    for seed in range(settings.seed + 1, settings.seed + 1 + finals.seeds):  # one draw of documents after the other
        for trial in best:
            one = {"trial": trial.number, "seed": seed}
            if (trial.number, seed) not in known:
                value, state = None, TrialState.FAIL
                try:
                    value, state = fit(settings_of(trial, search), seed)[1], TrialState.COMPLETE
                except TrainingError as error:
                    log.warning("trial %d, seed %d failed: %s", trial.number, seed, error)
                log.info("trial %d, seed %d: %s", trial.number, seed, value)
                trained.add_trial(optuna.trial.create_trial(state=state, value=value, user_attrs=one))
                known[trial.number, seed] = value
            value = known[trial.number, seed]
            found.setdefault(trial.number, []).append(math.nan if value is None else value)
    return found


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
        for name, value in {"repeats": same.number, **same.user_attrs}.items():
            if name != "start":  # whether it was given is its own
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
    return canonical(settings.model_dump(mode="json", exclude={"tuning": {"trials", "timeout", "finals"}}))


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


def trials_frame(study: optuna.Study, search: dict[str, Space], finalists: Finalists | None = None) -> pd.DataFrame:
    """One row per finished trial: number, state, value, epochs, best, seconds, and a column for each searched setting.

    ``best`` is the trial whose settings are chosen: that of the best finalist or, without any, the best of all.
    ``repeats`` is the number of the earlier trial whose result was taken over, missing for trials that were trained.
    Where the search has them, there are also ``start`` (settings were given), ``final_value`` (mean score of a
    finalist), ``test_accuracy`` and ``test_macro_f1`` (fractions), of which nothing is chosen.
    """
    finals = {number: float(np.mean(values)) for number, values in (finalists or {}).items()}
    ranked = sorted(finals, key=lambda number: (-np.nan_to_num(finals[number], nan=-np.inf), number))
    best = ranked[0] if ranked else study.best_trial.number
    attributes = {name for trial in study.trials for name in trial.user_attrs} & set(KEPT)
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
                "best": trial.number == best,
                "repeats": trial.user_attrs.get("repeats"),
                **{name: trial.user_attrs.get(name, missing) for name, missing in KEPT.items() if name in attributes},
                **({"final_value": finals.get(trial.number, math.nan)} if finals else {}),
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
        **({"final_value": float(best["final_value"])} if "final_value" in trials else {}),
        "trial": int(best["trial"]),
        "search": settings.model_dump(mode="json")["objective"]["search"],
        **{key: getattr(settings, key) for key in ("corpus", "encoder", "objective_key")},
        **{key: getattr(objective, key) for key in ("preset", "protocol")},
    }
