"""Makes the tables of config/README.md from the schemas and presets of the workflow, between their markers."""

import json
import re
from pathlib import Path
from typing import Any

from glossbench.evidence.text.markdown import pipe_table
from glossbench.settings.schema import load_schema, read_yaml

DIFFERENCE = re.compile(r"\bD\d+\b")  # a place where the paper and its code disagree
BLOCK = re.compile(r"(<!-- begin (?P<name>[a-z]+) -->\n).*?(<!-- end (?P=name) -->)", re.DOTALL)


def updated(text: str, config_dir: Path) -> str:
    """Replace every marked block of a page.

    Args:
        text: The page.
        config_dir: Folder with presets.yaml and schemas/.

    Raises:
        KeyError: The page has a block with an unknown name.
    """
    blocks = tables(config_dir)
    return BLOCK.sub(lambda match: f"{match[1]}{blocks[match['name']]}{match[3]}", text)


def tables(config_dir: Path) -> dict[str, str]:
    """Markdown tables by name: study, training, losses, presets, search, corpora, encoders, objectives."""
    losses, training, probe = (load_schema(config_dir, name) for name in ("losses", "training", "probe"))
    registries = {
        name: settings_table(load_schema(config_dir, name)["additionalProperties"]["properties"])
        for name in ("corpora", "encoders", "objectives")
    }
    by_loss = "".join(f"\n`{name}`\n\n{settings_table(keys)}" for name, keys in losses.items() if keys)
    study = load_schema(config_dir, "study")["properties"]
    study["probe"]["properties"] = probe
    return {
        "study": settings_table(study),
        "training": settings_table(training),
        "losses": by_loss.lstrip("\n"),
        "presets": presets_table(
            read_yaml(config_dir / "presets.yaml"), {**losses, "training": training, "probe": probe}
        ),
        "search": search_table(read_yaml(config_dir / "presets.yaml")),
        **registries,
    }


def settings_table(properties: dict[str, Any]) -> str:
    """One row per key; nested keys are written as outer.inner."""
    rows = [[f"`{key}`", _values(spec), _default(spec), _meaning(spec)] for key, spec in _flat(properties)]
    return pipe_table(["key", "value", "default", "meaning"], rows) + "\n"


def presets_table(presets: dict[str, Any], meanings: dict[str, Any]) -> str:
    """One row per setting that a preset sets, with its value in each preset.

    Args:
        presets: presets.yaml.
        meanings: Schemas of the settings, by block.
    """
    switches = {
        (block, key): None for preset in presets.values() for block in meanings for key in preset.get(block, {})
    }
    rows = []
    for block, key in switches:
        spec = meanings[block][key]
        values = [preset.get(block, {}).get(key, spec["default"]) for preset in presets.values()]
        rows.append([f"`{block}.{key}`", *(f"`{json.dumps(value)}`" for value in values), _meaning(spec)])
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
    if "choices" in space:
        return ", ".join(f"{value:g}" for value in space["choices"])
    how = f" in steps of {space['step']:g}" if "step" in space else ", logarithmic" if space.get("log") else ""
    return f"{space['low']:g} to {space['high']:g}{how}"


def _flat(properties: dict[str, Any], prefix: str = "") -> list[tuple[str, dict[str, Any]]]:
    rows = []
    for key, spec in properties.items():
        rows.append((prefix + key, spec))
        rows.extend(_flat(spec.get("properties", {}), f"{prefix}{key}."))
    return rows


def _values(spec: dict[str, Any]) -> str:
    if "enum" in spec:
        return ", ".join(f"`{value}`" for value in spec["enum"])
    if "anyOf" in spec or "oneOf" in spec:
        return " or ".join(_values(choice) for choice in spec.get("anyOf", spec.get("oneOf")))
    kinds = spec.get("type", "any")
    kinds = kinds if isinstance(kinds, list) else [kinds]
    limits = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    bounds = " ".join(f"{sign} {spec[key]}" for key, sign in limits.items() if key in spec)
    names = {"object": "mapping", "array": "list"}
    return " or ".join(names.get(kind, kind) for kind in kinds) + (f" {bounds}" if bounds else "")


def _default(spec: dict[str, Any]) -> str:
    return f"`{json.dumps(spec['default'])}`" if "default" in spec and spec["default"] != {} else ""


def _meaning(spec: dict[str, Any]) -> str:
    text = " ".join(spec.get("description", "").split()).replace("|", "\\|").replace("<", "&lt;")
    return DIFFERENCE.sub(lambda code: f"[{code[0]}](../docs/differences.md#{code[0].lower()})", text)
