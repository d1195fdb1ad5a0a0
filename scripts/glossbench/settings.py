"""The validated configuration of a study, and the settings of each of its runs.

Imported while the workflow is parsed: nothing heavy in here.
"""

import json
import re
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from glossbench.errors import SettingsError
from glossbench.refusals import shown
from glossbench.schemas import check, load_schema, must_be_known, scalar, typed, with_defaults
from glossbench.yaml_file import plain, read_yaml

REGISTRIES = ("corpora", "encoders", "objectives")
# Where files come from changes nothing that is made of them.
VOLATILE = ("mirror", "offline")
PROBES = {"kind": {"enum": ["logistic", "adam"]}}
OBJECTIVE_KEY = re.compile(
    r"(?P<name>[a-z0-9-]+)(?:@(?P<preset>[a-z0-9-]+))?(?P<changes>(?:,[a-z_]+=[A-Za-z0-9.+-]+)*)"
)


@dataclass(frozen=True)
class Run:
    """One training job: a corpus, an encoder, an objective key and a seed."""

    corpus: str
    encoder: str
    objective: str
    seed: int


@dataclass(frozen=True)
class Study:
    """A study file and the registries it draws on, checked and with every default filled in."""

    name: str
    settings: dict[str, Any]
    registry: dict[str, dict[str, Any]]
    objectives_resolved: dict[str, dict[str, Any]]

    @property
    def corpora(self) -> list[str]:
        return self.settings["corpora"]

    @property
    def encoders(self) -> list[str]:
        return self.settings["encoders"]

    @property
    def objectives(self) -> list[str]:
        return self.settings["objectives"]

    @property
    def seeds(self) -> list[int]:
        return self.settings["seeds"]

    @property
    def max_length(self) -> int:
        return self.settings["max_length"]

    def runs(self) -> list[Run]:
        return [Run(*cell) for cell in product(self.corpora, self.encoders, self.objectives, self.seeds)]

    def objective(self, key: str) -> dict[str, Any]:
        """Protocol, preset, loss, its settings, weight (lambda) and training settings of an objective key."""
        return self.objectives_resolved[key]

    def frozen_layers(self, encoder: str) -> int:
        """Number of an encoder's lower layers that are not trained; 0 trains everything, embeddings included."""
        trainable = self.settings["encoder"]["trainable_layers"]
        if trainable is None:
            return 0
        return self.kept_layers(encoder) - trainable

    def kept_layers(self, encoder: str) -> int:
        return self.settings["encoder"]["layers"] or self.registry["encoders"][encoder]["layers"]


def canonical(value: Any) -> str:
    """One JSON text for one meaning: keys sorted, 1.0 written as 1."""
    return json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def load_study(config: dict[str, Any], source: str, config_dir: Path) -> Study:
    """Check a study and the registries beside it.

    config: the study as parsed. source: the file it came from, named in errors. config_dir: holds
    {corpora,encoders,objectives,presets}.yaml and schemas/. Raises SettingsError with one line.
    """
    schema = load_schema(config_dir, "study")
    training = load_schema(config_dir, "training")
    schema["properties"]["training"]["properties"] = training
    settings = typed(_short_forms_spelled_out(plain(config, source)), schema)
    check(settings, schema, source)
    settings = with_defaults(settings, schema)
    registry = {name: _load_registry(config_dir, name) for name in REGISTRIES}
    for name in ("corpora", "encoders"):
        for position, key in enumerate(settings[name]):
            must_be_known(key, registry[name], f"{source}: {name}[{position}]", name)
    resolver = _ObjectiveResolver(config_dir, registry["objectives"], training, settings["training"])
    resolved = {
        key: resolver.resolve(key, f"{source}: objectives[{position}]")
        for position, key in enumerate(settings["objectives"])
    }
    study = Study(settings["study"], settings, registry, resolved)
    _check_layers(study, source)
    _check_sizes(study, source)
    _check_projection(study, source)
    return study


def _short_forms_spelled_out(settings: dict[str, Any]) -> dict[str, Any]:
    """A list of one for a single value (as in --config corpora=mr), and a mapping for a bare or absent subset."""
    spelled = dict(settings)
    for key in (*REGISTRIES, "seeds"):
        if isinstance(settings.get(key), str | int):
            spelled[key] = [settings[key]]
    subset = settings.get("subset", {})
    if subset is None or isinstance(subset, int | float):
        spelled["subset"] = {"train": subset}
    return spelled


class _ObjectiveResolver:
    """Turns objective keys into full settings: study, then preset, then registry entry, then the key's changes."""

    def __init__(self, config_dir: Path, objectives: dict, training: dict, defaults: dict):
        self.objectives, self.training, self.defaults = objectives, training, defaults
        self.losses = load_schema(config_dir, "losses")
        self.presets = _read_registry(config_dir, "presets", _presets_schema(config_dir, self.losses, training))
        file = str(config_dir / "objectives.yaml")
        for name, entry in objectives.items():
            if entry["loss"] is not None:
                must_be_known(entry["loss"], self.losses, f"{file}: {name}.loss", "losses")
            must_be_known(entry["preset"], self.presets, f"{file}: {name}.preset", "presets")
            allowed = self._settings_schema(entry)
            entry["settings"] = typed(entry["settings"], allowed)
            check(entry["settings"], allowed, file, (name, "settings"))

    def resolve(self, key: str, where: str) -> dict[str, Any]:
        match = OBJECTIVE_KEY.fullmatch(key)
        if not match:
            raise SettingsError(f"{where}: {shown(key)} is not of the form objective[@preset][,setting=value]")
        must_be_known(match["name"], self.objectives, where, "objectives")
        entry = self.objectives[match["name"]]
        preset_name = match["preset"] or entry["preset"]
        must_be_known(preset_name, self.presets, where, "presets")
        changes = {}
        for change in filter(None, match["changes"].split(",")):
            setting, value = change.split("=")
            if setting in changes:
                raise SettingsError(f"{where}: {key}: {setting} is given twice")
            changes[setting] = scalar(value)
        check(changes, self._settings_schema(entry), f"{where}: {key}")

        loss, preset = entry["loss"], self.presets[preset_name]
        own = {**preset.get(loss, {}), **preset.get("training", {}), **entry["settings"], **changes}
        loss_schema = self.losses[loss] if loss else {}
        by_protocol = {
            name: value[entry["protocol"]] if isinstance(value, dict) else value
            for name, value in {**self.defaults, **own}.items()
            if name in self.training
        }
        return {
            "objective": match["name"],
            "preset": preset_name,
            "protocol": entry["protocol"],
            "loss": loss,
            "loss_settings": {name: own.get(name, spec["default"]) for name, spec in loss_schema.items()},
            "weight": own.get("weight", 0.5) if loss and entry["protocol"] == "integrated" else None,
            "training": by_protocol,
            "probe": preset.get("probe", {}),
        }

    def _settings_schema(self, entry: dict) -> dict:
        properties = {**self.training, **(self.losses[entry["loss"]] if entry["loss"] else {})}
        if entry["loss"] and entry["protocol"] == "integrated":
            properties["weight"] = {"type": "number", "minimum": 0, "maximum": 1}
        return {"type": "object", "additionalProperties": False, "properties": properties}


def _presets_schema(config_dir: Path, losses: dict, training: dict) -> dict:
    """The schema of presets, whose blocks have the settings that the losses, training and the probe have."""

    def block(properties: dict) -> dict:
        return {"type": "object", "additionalProperties": False, "properties": properties}

    by_loss = {name: block(properties) for name, properties in losses.items()}
    preset = block({**by_loss, "training": block(training), "probe": block(PROBES)})
    return {**load_schema(config_dir, "presets"), "additionalProperties": preset}


def _check_layers(study: Study, source: str) -> None:
    for encoder in study.encoders:
        total = study.registry["encoders"][encoder]["layers"]
        for key in ("layers", "trainable_layers"):
            wanted = study.settings["encoder"][key]
            limit = total if key == "layers" else study.kept_layers(encoder)
            if wanted is not None and wanted > limit:
                raise SettingsError(f"{source}: encoder.{key}: {wanted} found, but {encoder} has {limit} layers here")


def _check_sizes(study: Study, source: str) -> None:
    """No part larger than a corpus is, no documents longer than an encoder takes, where the registries say so."""
    for corpus in study.corpora:
        documents = study.registry["corpora"][corpus].get("documents", {})
        for part, kind in {"train": "training", "val": "validation", "test": "test"}.items():
            wanted = study.settings["subset"][part]
            if wanted is not None and wanted > documents.get(part, wanted):
                limit = f"{corpus} has {documents[part]} {kind} documents"
                raise SettingsError(f"{source}: subset.{part}: {wanted} found, but {limit}")
    for encoder in study.encoders:
        limit = study.registry["encoders"][encoder].get("max_length", study.max_length)
        if study.max_length > limit:
            raise SettingsError(f"{source}: max_length: {study.max_length} found, but {encoder} takes {limit} tokens")


def _check_projection(study: Study, source: str) -> None:
    projection = study.settings["projection"]
    if projection is None:
        return
    for position, key in enumerate(projection["objectives"]):
        must_be_known(key, study.objectives, f"{source}: projection.objectives[{position}]", "objectives of this study")
    if projection["seed"] not in study.seeds:
        raise SettingsError(f"{source}: projection.seed: {projection['seed']} is not one of seeds {study.seeds}")


def _load_registry(config_dir: Path, name: str) -> dict[str, Any]:
    schema = load_schema(config_dir, name)
    entries = _read_registry(config_dir, name, schema)
    return {key: with_defaults(entry, schema["additionalProperties"]) for key, entry in entries.items()}


def _read_registry(config_dir: Path, name: str, schema: dict) -> dict[str, Any]:
    path = config_dir / f"{name}.yaml"
    entries = typed(read_yaml(path), schema)
    check(entries, schema, str(path))
    return entries
