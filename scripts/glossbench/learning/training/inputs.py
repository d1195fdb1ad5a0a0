"""What a run reads: its documents, its encoder, its estimates of sigma and its tuned settings."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch
import yaml

from glossbench.data.documents import Documents, load_documents
from glossbench.data.splitting import rows_of_subset
from glossbench.errors import SettingsError, TrainingError
from glossbench.files import read_json
from glossbench.learning.encoder.frozen_layers import with_frozen_states
from glossbench.settings.jobs import Objective
from glossbench.settings.model import SPLITS
from glossbench.settings.training import Subset

ObjectiveT = TypeVar("ObjectiveT", bound=Objective)


@dataclass(frozen=True)
class RunInputs:
    """Where a run reads from. ``sigma``, ``frozen`` and ``best`` are None if the run does not need them."""

    tokens: Path
    encoder: Path
    sigma: Path | None = None
    frozen: Path | None = None
    best: Path | None = None

    @classmethod
    def of(cls, given: dict[str, str]) -> "RunInputs":
        """From the named inputs of a rule, in which the encoder is given by its manifest."""
        paths = {name: Path(path) for name, path in given.items()}
        return cls(**{**paths, "encoder": paths["encoder"].parent})

    def estimates(self) -> dict[str, Any] | None:
        """The estimates of sigma, or None if the run does not need them."""
        return read_json(self.sigma) if self.sigma else None

    def tuned(self, names: Sequence[str]) -> dict[str, float]:
        """The values that tuning found for these settings; TrainingError if it did not search one."""
        best = yaml.safe_load(self.best.read_text(encoding="utf-8"))["settings"] if names else {}
        if missing := [name for name in names if name not in best]:
            raise TrainingError(f"{self.best}: {', '.join(missing)} not searched there; name it under tuning.fixed")
        return {name: best[name] for name in names}


def with_found_values(objective: ObjectiveT, tuned: dict[str, float], estimates: dict[str, Any] | None) -> ObjectiveT:
    """Fill in what a search or an estimate decides: tuned settings, sigma of a rule, multipliers (in this order).

    Args:
        objective: As a job is given it.
        tuned: Settings that a search found.
        estimates: Content of sigma/{corpus}/{encoder}.json, needed if sigma is a rule.

    Returns:
        The objective, in which every setting has its value.

    Raises:
        TrainingError: If a multiplied setting is out of its range.
    """
    values = dict(tuned)
    rule = values.get("sigma", objective.value("sigma"))
    if isinstance(rule, str):
        assert estimates is not None, "a rule for sigma without its estimates"
        values["sigma"] = estimates["sigma"][objective.value("sigma_median")][rule]
    for setting, factor in objective.multipliers.items():
        values[setting] = values.get(setting, objective.value(setting)) * factor
    try:
        return objective.with_values(values)
    except SettingsError as error:
        raise TrainingError(f"{error}; take another multiple") from None


@dataclass(frozen=True)
class Splits:
    """The documents of a run, and the number of classes C of its corpus. Splits that are not read are None."""

    train: Documents
    val: Documents | None
    test: Documents | None
    num_classes: int


def load_splits(
    inputs: RunInputs, subset: Subset, device: torch.device | str = "cpu", names: Sequence[str] = SPLITS
) -> Splits:
    """The documents of a run on its device.

    Args:
        inputs: Files of the run.
        subset: Documents that are used; all or a stratified draw, see ``subset_of_run``.
        device: Where values and labels are put.
        names: Splits to read. Classes are counted in these, before any subset is drawn.

    Raises:
        SettingsError: If a subset cannot be drawn.
    """
    whole = {name: load_documents(inputs.tokens, name) for name in names}
    num_classes = max(int(split.labels.max()) + 1 for split in whole.values())
    if subset.draw == "seed":  # the states of all documents are stored
        whole = with_frozen_states(whole, inputs.frozen)
    rows = {name: rows_of_subset(split.labels.numpy(), name, dict(subset)) for name, split in whole.items()}
    drawn = {name: split if rows[name] is None else split.select(rows[name]) for name, split in whole.items()}
    if subset.draw == "study":
        drawn = with_frozen_states(drawn, inputs.frozen)
    placed = {name: split.to(device) for name, split in drawn.items()}
    return Splits(**{name: placed.get(name) for name in SPLITS}, num_classes=num_classes)
