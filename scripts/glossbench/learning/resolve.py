"""The numbers that a run uses: what a search found, what was estimated for sigma, and multiples of either."""

from typing import Any

from glossbench.errors import TrainingError


def with_choices(objective: dict[str, Any], found: dict[str, float], estimates: dict[str, Any] | None) -> dict:
    """An objective with every setting a number.

    objective: as ``Study.objective`` gives it, its ``times`` to be applied. found: settings that a search chose.
    estimates: content of sigma/{corpus}/{encoder}.json, needed where sigma is a rule. Raises TrainingError where a
    multiple leaves what the setting takes.
    """
    chosen = {**objective, "loss_settings": dict(objective["loss_settings"]), "training": dict(objective["training"])}
    for setting, value in found.items():
        _put(chosen, setting, value)
    chosen["loss_settings"] = resolve_sigma(chosen["loss_settings"], estimates)
    for setting, factor in objective["multipliers"].items():
        _put(chosen, setting, _get(chosen, setting) * factor)
    weight, kept = chosen["weight"], chosen["loss_settings"].get("labeled_fraction", 0.5)
    if weight is not None and weight > 1:
        raise TrainingError(f"weight is {weight:g} after multiplying, expected at most 1; take a smaller multiple")
    if kept >= 1:
        raise TrainingError(
            f"labeled_fraction is {kept:g} after multiplying, expected below 1; take a smaller multiple"
        )
    return chosen


def resolve_sigma(loss_settings: dict[str, Any], estimates: dict[str, Any] | None) -> dict[str, Any]:
    """Arguments of a loss, with a rule for sigma replaced by the number it gave for this corpus and encoder."""
    arguments = dict(loss_settings)
    median = arguments.pop("sigma_median", None)
    if isinstance(arguments.get("sigma"), str):
        assert estimates is not None, "a rule for sigma without its estimates"
        arguments["sigma"] = estimates["sigma"][median][arguments["sigma"]]
    return arguments


def _part(objective: dict[str, Any], setting: str) -> dict[str, Any]:
    if setting == "weight":
        return objective
    return objective["loss_settings" if setting in objective["loss_settings"] else "training"]


def _get(objective: dict[str, Any], setting: str) -> float:
    return _part(objective, setting)[setting]


def _put(objective: dict[str, Any], setting: str, value: float) -> None:
    _part(objective, setting)[setting] = value
