"""Checks values against a schema, with one-line errors, and fills in the schema's types and defaults."""

import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

from glossbench.errors import SettingsError, nearest
from glossbench.settings.schema_messages import DIGITS, refusal, shown
from glossbench.settings.yaml_file import read_yaml

# Whole numbers beyond this are no setting's; a float cannot hold all of them.
LARGEST = 10**DIGITS - 1


def _is_finite_number(_: Any, value: Any) -> bool:
    if isinstance(value, int):
        return not isinstance(value, bool) and abs(value) <= LARGEST
    return isinstance(value, float) and math.isfinite(value)


def _is_whole_number(checker: Any, value: Any) -> bool:
    return _is_finite_number(checker, value) and value == int(value)


def _pattern(validator: Any, pattern: str, value: Any, _: dict) -> Iterator[ValidationError]:
    # In JSON Schema a final $ matches only at the end; in Python it also matches before a final line break.
    strict = re.sub(r"\$$", r"\\Z", pattern)
    if validator.is_type(value, "string") and not re.search(strict, value):
        yield ValidationError(f"{value!r} does not match {pattern!r}")


# In YAML .nan and .inf are numbers. No bound excludes them, or every bound does.
VALIDATOR = extend(
    Draft202012Validator,
    {"pattern": _pattern},
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine_many(
        {"number": _is_finite_number, "integer": _is_whole_number}
    ),
)


def load_schema(config_dir: Path, name: str) -> dict[str, Any]:
    """Read a schema and replace each reference to its definitions by the definition."""
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


def must_be_known(key: str, known: Any, where: str, what: str) -> None:
    """Raise SettingsError if ``key`` is not one of the known names.

    Args:
        key: The name to look for.
        known: Collection of known names. The error suggests the most similar one.
        where: Place of the key, for the error.
        what: What the known names are, in the plural, for the error.
    """
    if key not in known:
        raise SettingsError(f"{where}: unknown {shown(key)}{nearest(key, known)}; {what}: {', '.join(sorted(known))}")


def check(value: Any, schema: dict, source: str, path: tuple[str | int, ...] = ()) -> None:
    """Raise SettingsError if a value breaks a schema.

    Args:
        value: The value to check.
        schema: JSON Schema.
        source: Name of the file that holds the value, for the error.
        path: Path of the value in the file, for the error.
    """
    errors = list(VALIDATOR(schema).iter_errors(value))
    if errors:
        raise SettingsError(f"{source}: {refusal(errors, path)}")


def typed(value: Any, schema: dict) -> Any:
    """Convert text to the numbers, booleans and nulls that a schema asks for.

    Snakemake's ``--config`` gives everything inside a list or mapping as text, and YAML reads 2e-5 as text. Where the
    schema asks for an integer, 1.0 becomes 1, so that both give the same paths.

    Args:
        value: The value to convert; it is not changed.
        schema: JSON Schema without references.

    Returns:
        A converted copy.
    """
    if isinstance(value, dict):
        properties, others = schema.get("properties", {}), schema.get("additionalProperties")
        others = others if isinstance(others, dict) else {}
        return {key: typed(item, properties.get(key, others)) for key, item in value.items()}
    if isinstance(value, list):
        return [typed(item, schema.get("items", {})) for item in value]
    if isinstance(value, float) and value.is_integer() and "integer" in schema.get("type", []):
        return int(value)
    if isinstance(value, str) and not VALIDATOR(schema).is_valid(value):
        return None if value in ("null", "None") else scalar(value)
    return value


def scalar(text: str) -> Any:
    """Text as a finite number, True or False, or else the text itself. Unlike in YAML, 1e-3 is a number."""
    if text in ("true", "false"):
        return text == "true"
    for kind in (int, float):
        try:
            number = kind(text)
        except ValueError:
            continue
        return number if _is_finite_number(None, number) else text
    return text


def with_defaults(value: Any, schema: dict) -> Any:
    """A copy of ``value`` in which missing keys have the schema's default."""
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
