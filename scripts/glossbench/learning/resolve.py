"""Resolves an objective: tuned settings, estimates of sigma and multiples become the numbers that a run uses."""

from typing import Any

from glossbench.errors import TrainingError


def resolve(objective: dict[str, Any], tuned: dict[str, float], estimates: dict[str, Any] | None) -> dict[str, Any]:
    """An objective in which every setting has its value.

    Args:
        objective: as ``Study.objective`` returns it; its ``multipliers`` are applied last.
        tuned: settings that were found by tuning.
        estimates: content of sigma/{corpus}/{encoder}.json, needed if sigma is a rule.

    Returns:
        A copy of the objective.

    Raises:
        TrainingError: if a multiplied setting is out of its range.
    """
    resolved = {**objective, "loss_settings": dict(objective["loss_settings"]), "training": dict(objective["training"])}
    for setting, value in tuned.items():
        _group_of(resolved, setting)[setting] = value
    resolved["loss_settings"] = resolve_sigma(resolved["loss_settings"], estimates)
    for setting, factor in objective["multipliers"].items():
        _group_of(resolved, setting)[setting] *= factor
    weight, loss_settings = resolved["weight"], resolved["loss_settings"]
    if weight is not None and weight > 1:
        raise TrainingError(f"weight is {weight:g} after multiplying, expected at most 1; take a smaller multiple")
    if "labeled_fraction" in loss_settings and loss_settings["labeled_fraction"] >= 1:
        raise TrainingError(
            f"labeled_fraction is {loss_settings['labeled_fraction']:g} after multiplying, expected below 1; "
            f"take a smaller multiple"
        )
    return resolved


def resolve_sigma(loss_settings: dict[str, Any], estimates: dict[str, Any] | None) -> dict[str, Any]:
    """Arguments of a loss, in which a rule for sigma is replaced by its estimate for the corpus and encoder.

    Args:
        loss_settings: settings of a loss, with ``sigma_median`` if it has a sigma.
        estimates: content of sigma/{corpus}/{encoder}.json, needed if sigma is a rule.
    """
    arguments = {name: value for name, value in loss_settings.items() if name != "sigma_median"}
    if isinstance(arguments.get("sigma"), str):
        assert estimates is not None, "a rule for sigma without its estimates"
        arguments["sigma"] = estimates["sigma"][loss_settings["sigma_median"]][arguments["sigma"]]
    return arguments


def _group_of(objective: dict[str, Any], setting: str) -> dict[str, Any]:
    """The dictionary of an objective that holds a setting."""
    if setting == "weight":
        return objective
    return objective["loss_settings" if setting in objective["loss_settings"] else "training"]
