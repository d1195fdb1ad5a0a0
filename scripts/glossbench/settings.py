"""The validated configuration of a study, and the settings of each of its runs.

Imported while the workflow is parsed: nothing heavy in here.
"""

import difflib
import json
import re
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from glossbench.errors import SettingsError

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
    settings = json.loads(json.dumps(config))
    for key in (*REGISTRIES, "seeds"):  # --config corpora=mr is a list of one
        if isinstance(settings.get(key), str | int):
            settings[key] = [settings[key]]
    if isinstance(settings.get("subset"), int):
        settings["subset"] = {"train": settings["subset"]}
    settings = _typed(settings, schema)
    _check(settings, schema, source)
    settings = _with_defaults(settings, schema)
    registry = {name: _load_registry(config_dir, name) for name in REGISTRIES}
    for name in ("corpora", "encoders"):
        for position, key in enumerate(settings[name]):
            _known(key, registry[name], f"{source}: {name}[{position}]", name)
    resolver = _ObjectiveResolver(config_dir, registry["objectives"], training, settings["training"])
    resolved = {
        key: resolver.resolve(key, f"{source}: objectives[{position}]")
        for position, key in enumerate(settings["objectives"])
    }
    study = Study(settings["study"], settings, registry, resolved)
    _check_layers(study, source)
    _check_projection(study, source)
    return study


class _ObjectiveResolver:
    """Turns objective keys into full settings: study, then preset, then registry entry, then the key's changes."""

    def __init__(self, config_dir: Path, objectives: dict, training: dict, defaults: dict):
        self.objectives, self.training, self.defaults = objectives, training, defaults
        self.losses = load_schema(config_dir, "losses")
        self.presets = read_yaml(config_dir / "presets.yaml")
        self.objectives_file = str(config_dir / "objectives.yaml")
        for name, preset in self.presets.items():
            where = f"{config_dir / 'presets.yaml'}: {name}"
            _check(preset, _preset_schema(self.losses, training), where)
        for name, entry in objectives.items():
            where = f"{self.objectives_file}: {name}"
            if entry["loss"] is not None:
                _known(entry["loss"], self.losses, f"{where}.loss", "losses")
            _known(entry["preset"], self.presets, f"{where}.preset", "presets")
            _check(entry["settings"], self._settings_schema(entry), f"{where}.settings")

    def resolve(self, key: str, where: str) -> dict[str, Any]:
        match = OBJECTIVE_KEY.fullmatch(key)
        if not match:
            raise SettingsError(f'{where}: "{key}" is not of the form objective[@preset][,setting=value]')
        _known(match["name"], self.objectives, where, "objectives")
        entry = self.objectives[match["name"]]
        preset_name = match["preset"] or entry["preset"]
        _known(preset_name, self.presets, where, "presets")
        changes = {}
        for change in filter(None, match["changes"].split(",")):
            setting, value = change.split("=")
            changes[setting] = _scalar(value)
        _check(changes, self._settings_schema(entry), f"{where}: {key}")

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


def _preset_schema(losses: dict, training: dict) -> dict:
    def block(properties: dict) -> dict:
        return {"type": "object", "additionalProperties": False, "properties": properties}

    by_loss = {name: block(properties) for name, properties in losses.items()}
    return block({**by_loss, "training": block(training), "probe": block(PROBES)})


def _check_layers(study: Study, source: str) -> None:
    for encoder in study.encoders:
        total = study.registry["encoders"][encoder]["layers"]
        for key in ("layers", "trainable_layers"):
            wanted = study.settings["encoder"][key]
            limit = total if key == "layers" else study.kept_layers(encoder)
            if wanted is not None and wanted > limit:
                raise SettingsError(f"{source}: encoder.{key}: {wanted} found, but {encoder} has {limit} layers here")


def _check_projection(study: Study, source: str) -> None:
    projection = study.settings["projection"]
    if projection is None:
        return
    for position, key in enumerate(projection["objectives"]):
        _known(key, study.objectives, f"{source}: projection.objectives[{position}]", "objectives of this study")
    if projection["seed"] not in study.seeds:
        raise SettingsError(f"{source}: projection.seed: {projection['seed']} is not one of seeds {study.seeds}")


def _load_registry(config_dir: Path, name: str) -> dict[str, Any]:
    path = config_dir / f"{name}.yaml"
    entries, schema = read_yaml(path), load_schema(config_dir, name)
    _check(entries, schema, str(path))
    return {key: _with_defaults(entry, schema["additionalProperties"]) for key, entry in entries.items()}


def load_schema(config_dir: Path, name: str) -> dict[str, Any]:
    """A schema in which each reference to its own definitions is replaced by the definition."""
    schema = read_yaml(config_dir / "schemas" / f"{name}.schema.yaml")

    def inlined(node: Any) -> Any:
        if isinstance(node, list):
            return [inlined(item) for item in node]
        if not isinstance(node, dict):
            return node
        reference = node.get("$ref", "").removeprefix("#/$defs/")
        own = {key: inlined(value) for key, value in node.items() if key not in ("$ref", "$defs")}
        return {**inlined(schema["$defs"][reference]), **own} if reference else own

    return inlined(schema)


def read_yaml(path: Path) -> dict[str, Any]:
    try:
        loaded = yaml.load(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else "?"
        raise SettingsError(f"{path}: line {line}: not valid YAML: {error.problem}") from None
    if not isinstance(loaded, dict):
        raise SettingsError(f"{path}: a mapping of keys to values was expected")
    return loaded


def _known(key: str, known: Any, where: str, what: str) -> None:
    if key not in known:
        raise SettingsError(f'{where}: unknown "{key}"{_nearest(key, known)}; {what}: {", ".join(sorted(known))}')


def _nearest(key: str, known: Any) -> str:
    close = difflib.get_close_matches(str(key).lower(), [str(name) for name in known], n=1, cutoff=0.5)
    return f'; did you mean "{close[0]}"?' if close else ""


def _check(value: Any, schema: dict, where: str) -> None:
    error = best_match(Draft202012Validator(schema).iter_errors(value))
    if error is not None:
        raise SettingsError(f"{where}: {_one_line(error)}")


def _one_line(error: ValidationError) -> str:
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.absolute_path).lstrip(".")
    if error.validator == "additionalProperties":
        known = error.schema.get("properties", {})
        unknown = sorted(set(error.instance) - set(known), key=str)[0]
        path = f"{place}.{unknown}" if place else unknown
        return f"{path}: unknown key{_nearest(unknown, known)}"
    if error.validator == "required":
        missing = [key for key in error.validator_value if key not in error.instance]
        return f"{place + '.' if place else ''}{missing[0]}: missing"
    return f"{place + ': ' if place else ''}{error.message}"


def _typed(value: Any, schema: dict) -> Any:
    """A copy of ``value`` with numbers, booleans and nulls that came as text where the schema wants none.

    ``--config`` gives everything inside a list or mapping as text, and to YAML 2e-5 is text too.
    """
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        return {key: _typed(item, properties.get(key, {})) for key, item in value.items()}
    if isinstance(value, list):
        return [_typed(item, schema.get("items", {})) for item in value]
    if isinstance(value, str) and not Draft202012Validator(schema).is_valid(value):
        return None if value in ("null", "None") else _scalar(value)
    return value


def _scalar(text: str) -> Any:
    """A number, true, false, or the text itself; 1e-3 is a number, which it is not in YAML."""
    if text in ("true", "false"):
        return text == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text


def _with_defaults(value: Any, schema: dict) -> Any:
    """A copy of ``value`` in which absent keys have their schema's default."""
    properties = schema.get("properties")
    if not isinstance(value, dict) or not properties:
        return value
    filled = dict(value)
    for key, spec in properties.items():
        if key not in filled and "default" in spec:
            filled[key] = json.loads(json.dumps(spec["default"]))
        if key in filled:
            filled[key] = _with_defaults(filled[key], spec)
    return filled
