"""Full settings of an objective key: those of its runs and of its search.

Snakemake imports this module while it parses the workflow, so it imports no large packages.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from glossbench.errors import SettingsError
from glossbench.settings.keys import FORM, ObjectiveKey, multiple
from glossbench.settings.losses import LOSSES, Weight
from glossbench.settings.messages import shown
from glossbench.settings.schema import VALIDATOR, check, load_schema, must_be_known, scalar, typed, with_defaults
from glossbench.settings.training import Training
from glossbench.settings.yaml_file import read_yaml

PROTOCOLS = ("integrated", "standalone")
UNTUNED = "untuned"  # the protocol of objectives that fine-tune nothing


class Objectives:
    """Turns objective keys into full settings.

    Settings come from the study, the preset, the registry entry and the key's changes; the later ones override the
    earlier ones.

    Args:
        config_dir: Folder with presets.yaml and schemas/.
        registry: The entries of objectives.yaml. Their settings are checked and converted in place.
        settings: The study's ``training`` and ``probe``.
        searched: Whether the study searches an objective, given its key without changed settings.
        fixed: Settings that the study does not search.
        spaces: The study's own search spaces by setting, in the place of those of the presets.

    Raises:
        SettingsError: An entry or a preset is not valid.
    """

    def __init__(
        self,
        config_dir: Path,
        registry: dict,
        settings: dict[str, dict],
        searched: Callable[[str], bool] = lambda key: False,
        fixed: tuple[str, ...] = (),
        spaces: dict[str, Any] | None = None,
    ):
        self.registry, self.settings, self.searched = registry, settings, searched
        self.fixed, self.spaces = fixed, spaces or {}
        self.training, self.probe, self.losses, self.weight = (
            load_schema(config_dir, name) for name in ("training", "probe", "losses", "weight")
        )
        schema = load_schema(config_dir, "presets")
        self.presets = self._presets(config_dir, schema)
        file = str(config_dir / "objectives.yaml")
        for name, entry in registry.items():
            if entry["loss"] is not None:
                must_be_known(entry["loss"], self.losses, f"{file}: {name}.loss", "losses")
            must_be_known(entry["preset"], self.presets, f"{file}: {name}.preset", "presets")
            allowed = self._settings_schema(entry)
            entry["settings"] = typed(entry["settings"], allowed)
            check(entry["settings"], allowed, file, (name, "settings"))
            for setting, space in entry["search"].items():
                must_be_known(setting, allowed["properties"], f"{file}: {name}.search", "settings")
                if space != "preset":
                    _check_space(space, allowed["properties"][setting], file, (name, "search", setting))

    def resolve(self, key: str, where: str) -> dict[str, Any]:
        """The full settings of an objective key.

        Args:
            key: The key.
            where: Place of the key, for error messages.

        Returns:
            ``objective`` (the registry's entry), ``preset``, ``protocol``, ``loss``, ``loss_settings``, ``weight``
            (lambda; None if the objective has no weight), ``training``, ``probe``, ``multipliers`` (factor by setting),
            ``search`` (space by setting) and ``pruning`` (what becomes of the trials that a search prunes). An untuned
            objective has ``classifier``, and none of the settings of training but how silhouettes are averaged.

        Raises:
            SettingsError: The key is not valid.
        """
        parts = self._parsed(key, where)
        entry = self.registry[parts.base]
        preset_name = parts.preset or entry["preset"]
        if entry["protocol"] == UNTUNED:
            return self._resolved_untuned(parts, where)
        allowed = self._settings_schema(entry)
        changes, multipliers = _changes(parts, where)
        check(dict.fromkeys(multipliers, 1) | changes, _keys_only(allowed, multipliers), f"{where}: {key}")

        loss, preset = entry["loss"], self.presets[preset_name]
        weighted = "weight" in allowed["properties"]

        def of_protocol(value: Any) -> Any:
            return value[entry["protocol"]] if isinstance(value, dict) else value

        own = {**preset.get(loss, {}), **preset.get("training", {}), **entry["settings"], **changes}
        own = {name: of_protocol(value) for name, value in own.items()}
        loss_schema = self.losses[loss] if loss else {}
        training = {**self.settings["training"], **own}
        resolved = {
            "objective": parts.base,
            "preset": preset_name,
            "protocol": entry["protocol"],
            "loss": loss,
            "loss_settings": {name: own.get(name, spec["default"]) for name, spec in loss_schema.items()},
            "weight": own.get("weight", self.weight["weight"]["default"]) if weighted else None,
            "training": {name: of_protocol(value) for name, value in training.items() if name in self.training},
            "probe": {**self.settings["probe"], **preset.get("probe", {})},
            "multipliers": multipliers,
            "pruning": of_protocol(preset["pruning"]),
        }
        for refused in preset["refused"]:
            about = {name: refused[name] for name in ("protocol", "loss")}
            if about.items() <= resolved.items() and own.get(refused["setting"]) in refused["values"]:
                found = f"{refused['setting']} {own[refused['setting']]} found"
                raise SettingsError(f"{where}: {key}: {found}, but {refused['reason']}")
        search = self._search(entry, preset, where) if self.searched(str(parts.unvaried)) else {}
        resolved["search"] = {name: space for name, space in search.items() if name not in changes}
        for setting, factor in multipliers.items():
            self._check_product(setting, factor, resolved, allowed["properties"], f"{where}: {key}")
        return resolved

    def _resolved_untuned(self, parts: ObjectiveKey, where: str) -> dict[str, Any]:
        """The full settings of an untuned objective, which no preset and no changed setting can have an effect on."""
        if parts.preset or parts.changes:
            found = parts.variant.lstrip(",")
            raise SettingsError(
                f"{where}: {parts}: {found} found, expected {parts.base} alone: an untuned objective is not fine-tuned"
            )
        entry = self.registry[parts.base]
        preset = self.presets[entry["preset"]]
        training, probe = ({**self.settings[name], **preset.get(name, {})} for name in ("training", "probe"))
        return {
            **{key: entry[key] for key in ("preset", "protocol", "loss", "classifier")},
            "objective": parts.base,
            **{key: {} for key in ("loss_settings", "multipliers", "search")},
            "weight": None,
            "training": {"silhouette_classes": training["silhouette_classes"]},
            "probe": probe,
        }

    def chosen_without_search(self, key: str, setting: str, where: str) -> Any:
        """The value of an objective's setting before any run; None if a search or an estimate chooses it.

        Args:
            key: The objective key.
            setting: Name of the setting.
            where: Place of the key, for error messages.
        """
        resolved = self.resolve(key, where)
        value = setting_of(resolved, setting)
        return None if setting in resolved["search"] or isinstance(value, str) else value

    def _parsed(self, key: str, where: str) -> ObjectiveKey:
        """The parts of a key whose objective and preset exist."""
        try:
            parts = ObjectiveKey.parse(key)
        except ValueError:
            raise SettingsError(f"{where}: {shown(key)} is not of the form {FORM}") from None
        must_be_known(parts.base, self.registry, where, "objectives")
        must_be_known(parts.preset or self.registry[parts.base]["preset"], self.presets, where, "presets")
        return parts

    def _search(self, entry: dict, preset: dict, where: str) -> dict[str, Any]:
        """The space of each searched setting: the study's, the entry's, or the preset's for its loss and protocol."""
        preset_spaces = preset.get("search", {})
        by_setting = {**preset_spaces.get("training", {}), **preset_spaces.get(entry["loss"], {})}
        spaces = {}
        for setting, space in entry["search"].items():
            space = by_setting.get(setting) if space == "preset" else space
            if space is not None and entry["protocol"] in space:
                space = space[entry["protocol"]]
            if space is not None and setting in self.spaces:
                space = self.spaces[setting]
                bounds = self._settings_schema(entry)["properties"][setting]
                _check_space(space, bounds, where.partition(": ")[0], ("tuning", "spaces", setting))
            if space is not None and setting not in self.fixed:
                spaces[setting] = space
        return spaces

    def _check_product(self, setting: str, factor: float, resolved: dict, properties: dict, where: str) -> None:
        value = setting_of(resolved, setting)
        if not VALIDATOR(properties[setting]).is_valid(0.5):
            raise SettingsError(f"{where}: {setting} is {shown(value)}, which cannot be taken {factor:g} times")
        if isinstance(value, int | float) and setting not in resolved["search"]:
            check({setting: value * factor}, {"properties": {setting: properties[setting]}}, where)

    def _settings_schema(self, entry: dict) -> dict:
        properties = {**self.training, **(self.losses[entry["loss"]] if entry["loss"] else {})}
        if entry["loss"] and entry["protocol"] == "integrated":
            properties.update(self.weight)
        return {"type": "object", "additionalProperties": False, "properties": properties}

    def _presets(self, config_dir: Path, schema: dict) -> dict[str, Any]:
        """The entries of presets.yaml, checked. Their blocks hold settings of the losses, of training and the probe."""

        def block(properties: dict) -> dict:
            return {"type": "object", "additionalProperties": False, "properties": properties}

        def by_protocol(properties: dict) -> dict:
            """Properties of which each is one value or one per protocol."""
            return {
                name: {"anyOf": [spec, {**block(dict.fromkeys(PROTOCOLS, spec)), "required": [*PROTOCOLS]}]}
                for name, spec in properties.items()
            }

        settings = {name: block(by_protocol(properties)) for name, properties in self.losses.items()}
        settings["training"] = block(by_protocol(self.training))
        bounds_of = {**self.losses, "training": self.training}
        declared = schema["additionalProperties"]["properties"]
        space = load_schema(config_dir, "space")
        optional = {"anyOf": [space, {"type": "null"}]}
        space = {"anyOf": [space, {**block(dict.fromkeys(PROTOCOLS, optional)), "required": [*PROTOCOLS]}]}
        searchable = {
            name: block(dict.fromkeys([*part["properties"], *self.weight], space)) for name, part in settings.items()
        }
        pruning = by_protocol({"pruning": declared["pruning"]})
        preset = block({**declared, **pruning, **settings, "probe": block(self.probe), "search": block(searchable)})
        path = config_dir / "presets.yaml"
        schema = {**schema, "additionalProperties": preset}
        presets = typed(read_yaml(path), schema)
        check(presets, schema, str(path))
        presets = {name: with_defaults(entry, {"properties": declared}) for name, entry in presets.items()}
        for name, entry in presets.items():
            for part, spaces in entry.get("search", {}).items():
                for setting, space in spaces.items():
                    bounds = {**bounds_of[part], **self.weight}[setting]
                    for one in space.values() if set(space) <= set(PROTOCOLS) else [space]:
                        if one is not None:
                            _check_space(one, bounds, str(path), (name, "search", part, setting))
        return presets


def setting_of(objective: dict[str, Any], setting: str) -> Any:
    """The value of a setting of a resolved objective, whether of its loss, its training or its weight."""
    if setting == "weight":
        return objective["weight"]
    part = "loss_settings" if setting in objective["loss_settings"] else "training"
    return objective[part].get(setting)


def without_searched(objective: dict[str, Any]) -> dict[str, Any]:
    """A resolved objective without the values of searched settings, which do not affect runs.

    They are what a model has for them by default, or what runs use whatever the search finds.
    """
    opened = {**objective, "loss_settings": dict(objective["loss_settings"]), "training": dict(objective["training"])}
    for setting, space in objective["search"].items():
        part = "loss_settings" if setting in opened["loss_settings"] else "training"
        model = Weight if setting == "weight" else LOSSES[objective["loss"]] if part == "loss_settings" else Training
        value = space.get("used", model.model_fields[setting].default)
        (opened if setting == "weight" else opened[part])[setting] = value
    return opened


def tuned_settings(objective: dict[str, Any]) -> list[str]:
    """The settings of a resolved objective whose values runs take from its search."""
    return sorted(setting for setting, space in objective["search"].items() if "used" not in space)


def _changes(key: ObjectiveKey, where: str) -> tuple[dict[str, Any], dict[str, float]]:
    """The changed settings of a key: values by setting, and factors by setting for those given as multiples."""
    changes, multipliers = {}, {}
    for setting, value in key.changes:
        if setting in changes or setting in multipliers:
            raise SettingsError(f"{where}: {key}: {setting} is given twice")
        text = multiple(value)
        if text is None:
            changes[setting] = scalar(value)
            continue
        factor = scalar(text)
        if not isinstance(factor, int | float) or factor <= 0:
            raise SettingsError(f"{where}: {key}: {setting}={value} found, expected x and a number above 0")
        multipliers[setting] = factor
    return changes, multipliers


def _keys_only(schema: dict, names: dict) -> dict:
    """The schema, but with any value allowed for ``names``. Unknown keys are still errors."""
    properties = {key: {} if key in names else spec for key, spec in schema["properties"].items()}
    return {**schema, "properties": properties}


def _check_space(space: dict, bounds: dict, source: str, path: tuple) -> None:
    """Raise SettingsError if a search space has values that its setting does not accept."""
    where = f"{source}: {'.'.join(map(str, path))}"
    if "choices" not in space and not space["low"] < space["high"]:
        raise SettingsError(f"{where}: low {space['low']} found, expected less than high {space['high']}")
    if space.get("log") and "step" in space:
        raise SettingsError(f"{where}: step and log found, expected one of them")
    used = [space["used"]] if "used" in space else []
    for value in used + (space.get("choices") or [space["low"], space["high"]]):
        if not VALIDATOR(bounds).is_valid(value):
            check({path[-1]: value}, {"properties": {path[-1]: bounds}}, source, path[:-1])
