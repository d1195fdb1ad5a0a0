"""Where the settings of a trial come from."""

import hashlib
from typing import Any

import numpy as np
import optuna
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.trial import FrozenTrial

from glossbench.settings.jobs import SearchSettings


def sampler(tuning: SearchSettings, number: int, cell: str = "") -> BaseSampler:
    """The sampler of a trial, seeded by the trial's number.

    Args:
        tuning: Settings of the search.
        number: Of the trial.
        cell: Corpus and encoder, by which the draws of a random sampler differ where the study asks for it.
    """
    options = tuning.sampler
    if options.kind == "random":
        return SharedDraws(tuning.seed, number, cell if options.per_corpus else "")
    return TPESampler(
        seed=int(np.random.SeedSequence([tuning.seed, number]).generate_state(1)[0]),
        n_startup_trials=options.startup_trials,
        n_ei_candidates=options.candidates,
        multivariate=options.multivariate,
    )


class SharedDraws(RandomSampler):
    """Draws each setting by itself, so that searches of other objectives draw the same from the same space.

    ``parts`` are all that a draw depends on besides the setting and its space.
    """

    def __init__(self, *parts: Any):
        super().__init__()
        self.parts = parts

    def sample_independent(self, study: optuna.Study, trial: FrozenTrial, param_name: str, space: Any) -> Any:
        """The value of a setting."""
        digest = hashlib.sha256(repr((*self.parts, param_name)).encode()).digest()
        drawn_by = RandomSampler(seed=int.from_bytes(digest[:4]))
        return drawn_by.sample_independent(study, trial, param_name, space)
