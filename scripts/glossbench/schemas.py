"""Reading YAML and checking it against a schema, with one line for whoever made a mistake in it."""

import difflib
import json
import math
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from glossbench.errors import SettingsError


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
    """A file's mapping; SettingsError with file and line where it does not parse."""
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


def must_be_known(key: str, known: Any, where: str, what: str) -> None:
    """Raise SettingsError, with the nearest of the known names, where ``key`` is not one of them."""
    if key not in known:
        raise SettingsError(f'{where}: unknown "{key}"{nearest(key, known)}; {what}: {", ".join(sorted(known))}')


def nearest(key: str, known: Any) -> str:
    """A question for the reader, or nothing where no known name is like ``key``."""
    close = difflib.get_close_matches(str(key).lower(), [str(name) for name in known], n=1, cutoff=0.5)
    return f'; did you mean "{close[0]}"?' if close else ""


def check(value: Any, schema: dict, where: str) -> None:
    """Raise SettingsError for the most telling way in which ``value`` breaks a schema."""
    error = best_match(Draft202012Validator(schema).iter_errors(value))
    if error is not None:
        raise SettingsError(f"{where}: {_one_line(error)}")


def _one_line(error: ValidationError) -> str:
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.absolute_path).lstrip(".")
    if error.validator == "additionalProperties":
        known = error.schema.get("properties", {})
        unknown = sorted(set(error.instance) - set(known), key=str)[0]
        path = f"{place}.{unknown}" if place else unknown
        return f"{path}: unknown key{nearest(unknown, known)}"
    if error.validator == "required":
        missing = [key for key in error.validator_value if key not in error.instance]
        return f"{place + '.' if place else ''}{missing[0]}: missing"
    return f"{place + ': ' if place else ''}{error.message}"


def typed(value: Any, schema: dict) -> Any:
    """A copy of ``value`` with numbers, booleans and nulls that came as text where the schema wants none.

    ``--config`` gives everything inside a list or mapping as text, and to YAML 2e-5 is text too.
    """
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        return {key: typed(item, properties.get(key, {})) for key, item in value.items()}
    if isinstance(value, list):
        return [typed(item, schema.get("items", {})) for item in value]
    if isinstance(value, str) and not Draft202012Validator(schema).is_valid(value):
        return None if value in ("null", "None") else scalar(value)
    return value


def scalar(text: str) -> Any:
    """A number, true, false, or the text itself; 1e-3 is a number, which it is not in YAML."""
    if text in ("true", "false"):
        return text == "true"
    for kind in (int, float):
        try:
            number = kind(text)
        except ValueError:
            continue
        return number if math.isfinite(number) else text
    return text


def with_defaults(value: Any, schema: dict) -> Any:
    """A copy of ``value`` in which absent keys have their schema's default."""
    properties = schema.get("properties")
    if not isinstance(value, dict) or not properties:
        return value
    filled = dict(value)
    for key, spec in properties.items():
        if key not in filled and "default" in spec:
            filled[key] = json.loads(json.dumps(spec["default"]))
        if key in filled:
            filled[key] = with_defaults(filled[key], spec)
    return filled
