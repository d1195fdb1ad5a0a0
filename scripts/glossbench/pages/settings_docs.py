"""Makes the tables of config/README.md from the models of settings and the presets, between their markers."""

import json
import re
from pathlib import Path
from typing import Any

from glossbench.evidence.text.markdown import pipe_table
from glossbench.settings.losses import LOSSES
from glossbench.settings.messages import alternatives, expected, schema_of
from glossbench.settings.model import ByProtocol, Model, canonical
from glossbench.settings.objectives import ObjectiveEntry
from glossbench.settings.search import Choices, Range
from glossbench.settings.sources import CorpusEntry, EncoderEntry
from glossbench.settings.study_file import StudyFile
from glossbench.settings.training import Probe, Training
from glossbench.settings.yaml_file import read_yaml

DIFFERENCE = re.compile(r"\bD\d+\b")  # a place where the paper and its code disagree
BLOCK = re.compile(r"(<!-- begin (?P<name>[a-z]+) -->\n).*?(<!-- end (?P=name) -->)", re.DOTALL)


def updated(text: str, config_dir: Path) -> str:
    """The page with every marked block made anew from the models and ``config_dir``/presets.yaml."""
    blocks = tables(config_dir)
    return BLOCK.sub(lambda match: f"{match[1]}{blocks[match['name']]}{match[3]}", text)


def tables(config_dir: Path) -> dict[str, str]:
    """Markdown tables by name: study, training, losses, presets, search, corpora, encoders, objectives."""
    presets = read_yaml(config_dir / "presets.yaml")
    registries = {"corpora": CorpusEntry, "encoders": EncoderEntry, "objectives": ObjectiveEntry}
    by_loss = "".join(f"\n`{name}`\n\n{settings_table(model)}" for name, model in LOSSES.items() if model.model_fields)
    return {
        "study": settings_table(StudyFile, without=("training",)),
        "training": settings_table(Training),
        "losses": by_loss.lstrip("\n"),
        "presets": presets_table(presets, {**LOSSES, "training": Training, "probe": Probe}),
        "search": search_table(presets),
        **{name: settings_table(model) for name, model in registries.items()},
    }


def settings_table(model: type[Model], without: tuple[str, ...] = ()) -> str:
    """One row per key of a model; nested keys are written as outer.inner, but for those of the keys ``without``."""
    rows = [
        [f"`{key}`", expected(spec), default, _meaning({**alternatives(spec)[0], **spec}.get("description"))]
        for key, spec, default in _flat(schema_of(model), without)
    ]
    return pipe_table(["key", "value", "default", "meaning"], rows) + "\n"


def presets_table(presets: dict[str, Any], models: dict[str, type[Model]]) -> str:
    """One row per setting of a block's model that a preset sets, with its value in each preset."""
    switches = {(block, key): None for preset in presets.values() for block in models for key in preset.get(block, {})}
    rows = []
    for block, key in switches:
        field = models[block].model_fields[key]
        values = [json.dumps(preset.get(block, {}).get(key, field.default)) for preset in presets.values()]
        rows.append([f"`{block}.{key}`", *(f"`{value}`" for value in values), _meaning(field.description)])
    return pipe_table(["switch", *presets, "what it decides"], rows) + "\n"


def search_table(presets: dict[str, Any]) -> str:
    """One row per setting that can be searched, with its space in each preset."""
    spaces = {name: preset.get("search", {}) for name, preset in presets.items()}
    places = {(block, key): None for search in spaces.values() for block, keys in search.items() for key in keys}
    rows = [
        [f"`{block}`", f"`{key}`", *(_space(search.get(block, {}).get(key)) for search in spaces.values())]
        for block, key in places
    ]
    return pipe_table(["for", "setting", *presets], rows) + "\n"


def _space(space: dict[str, Any] | None) -> str:
    if space is None:
        return "not searched"
    if "integrated" in space:
        return "; ".join(f"{protocol}: {_space(one)}" for protocol, one in space.items())
    return str((Choices if "choices" in space else Range)(**space))


def _flat(node: dict[str, Any], without: tuple[str, ...], prefix: str = "") -> list[tuple[str, dict[str, Any], str]]:
    rows = []
    for key, spec in node.get("properties", {}).items():
        rows.append((prefix + key, spec, "required" if key in node.get("required", ()) else _default(spec)))
        inner = [one for one in alternatives(spec) if "properties" in one and key not in without]
        if len(inner) == 1 and inner[0]["properties"].keys() != ByProtocol.model_fields.keys():
            rows.extend(_flat(inner[0], without, f"{prefix}{key}."))
    return rows


def _default(spec: dict[str, Any]) -> str:
    """Default of a key that is not required: none if it may only be left out, `{}` if its own keys have defaults."""
    if "default" not in spec:
        return "none"
    default = json.loads(canonical(spec["default"]))
    of_keys = isinstance(default, dict) and not default.keys() >= ByProtocol.model_fields.keys()
    return f"`{json.dumps({} if of_keys else default)}`"


def _meaning(description: str | None) -> str:
    text = " ".join((description or "").split()).replace("|", "\\|").replace("<", "&lt;")
    return DIFFERENCE.sub(lambda code: f"[{code[0]}](../docs/differences.md#{code[0].lower()})", text)
