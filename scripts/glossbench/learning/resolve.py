"""The values of an objective that only a run knows: those that a search found, and estimates of sigma."""

from typing import Any, TypeVar

from glossbench.errors import TrainingError
from glossbench.settings.jobs import Objective

Told = TypeVar("Told", bound=Objective)


def resolve(objective: Told, tuned: dict[str, float], estimates: dict[str, Any] | None) -> Told:
    """An objective in which every setting has its value; multipliers are applied last.

    Args:
        objective: as a job is told it.
        tuned: settings that a search found.
        estimates: content of sigma/{corpus}/{encoder}.json, needed if sigma is a rule.

    Raises:
        TrainingError: if a multiplied setting is out of its range.
    """
    values = dict(tuned)
    rule = values.get("sigma", objective.value("sigma"))
    if isinstance(rule, str):
        assert estimates is not None, "a rule for sigma without its estimates"
        values["sigma"] = estimates["sigma"][objective.value("sigma_median")][rule]
    for setting, factor in objective.multipliers.items():
        values[setting] = values.get(setting, objective.value(setting)) * factor
    if values.get("weight", 0) > 1:
        raise TrainingError(
            f"weight is {values['weight']:g} after multiplying, expected at most 1; take a smaller multiple"
        )
    if values.get("labeled_fraction", 0) >= 1:
        raise TrainingError(
            f"labeled_fraction is {values['labeled_fraction']:g} after multiplying, expected below 1; "
            f"take a smaller multiple"
        )
    return objective.with_values(values)
