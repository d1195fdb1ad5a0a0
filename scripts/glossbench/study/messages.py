"""The line a user reads for what breaks a schema: where it stands, what was found, what was expected."""

import json
from collections.abc import Iterable
from typing import Any

from jsonschema.exceptions import ValidationError, relevance

from glossbench.errors import nearest

LONGEST = 80  # characters of a value that are shown
KINDS = {
    "integer": "a whole number",
    "number": "a number",
    "string": "text",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "null",
}
BOUNDS = {"minimum": "at least", "exclusiveMinimum": "above", "maximum": "at most", "exclusiveMaximum": "below"}


def refusal(errors: Iterable[ValidationError], path: tuple[str | int, ...] = ()) -> str:
    """One line for the most telling of the ways in which a value breaks a schema.

    path: where the value stands. An unknown key comes before all else: it is often what makes another one missing.
    """
    error = _most_telling(errors)
    prefix = spelled_path((*path, *error.absolute_path))
    said, key = _said(error)
    place = ".".join(filter(None, [prefix, key]))
    return f"{place}: {said}" if place else said


def shown(value: Any) -> str:
    """A value as it could stand in YAML, on one line, cut where it is long."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def spelled_path(path: Iterable[str | int]) -> str:
    """A path as in training.clip_norm or seeds[0]."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{bare(step)}" for step in path)
    return "".join(steps).lstrip(".")


def bare(key: str) -> str:
    """A key on one line, without quotes unless it is empty."""
    return shown(key)[1:-1] or '""'


def expected(schema: dict[str, Any]) -> str:
    """What a schema takes, in words: its title, or its values, kinds and bounds."""
    if "title" in schema:
        return schema["title"]
    for alternatives in ("anyOf", "oneOf"):
        if alternatives in schema:
            return ", or ".join(expected(choice) for choice in schema[alternatives])
    if "const" in schema:
        return shown(schema["const"])
    if "enum" in schema:
        return "one of " + ", ".join(map(str, schema["enum"]))
    kinds = schema.get("type", [])
    words = [KINDS[kind] for kind in ([kinds] if isinstance(kinds, str) else kinds)]
    bounds = " and ".join(f"{word} {schema[bound]}" for bound, word in BOUNDS.items() if bound in schema)
    if bounds:
        words[0] += f" {bounds}"
    if schema.get("minItems") or schema.get("minProperties"):
        words[0] += " of at least one"
    if "required" in schema:
        words[0] += " with " + ", ".join(schema["required"])
    return " or ".join(words)


def _most_telling(errors: Iterable[ValidationError]) -> ValidationError:
    errors = list(errors)
    unknown = [error for error in errors if error.validator == "additionalProperties"]
    error = max(unknown or errors, key=relevance)
    if error.validator in ("anyOf", "oneOf") and isinstance(error.instance, dict):
        for choice in range(len(error.validator_value)):
            inside = [part for part in error.context if part.relative_schema_path[0] == choice]
            # the alternative that takes mappings finds fault with their keys, not with the mapping itself
            if not any(part.validator in ("type", "enum", "const") and not part.relative_path for part in inside):
                return _most_telling(inside)
    return error


def _said(error: ValidationError) -> tuple[str, str]:
    """What is wrong, and the key in question where the error's path ends at the mapping around it."""
    value, schema = error.instance, error.schema
    if error.validator == "additionalProperties":
        known = schema.get("properties", {})
        unknown = sorted(set(value) - set(known))[0]
        return "unknown key" + (nearest(unknown, known) or f"; keys here: {', '.join(known) or 'none'}"), bare(unknown)
    if error.validator == "required":
        return "missing", next(key for key in error.validator_value if key not in value)
    if error.validator == "not":
        return expected(schema), ""
    if error.validator == "uniqueItems":
        twice = next(item for place, item in enumerate(value) if item in value[:place])
        return f"{shown(twice)} is listed twice", ""
    what = f"key {shown(value)}" if "propertyNames" in error.absolute_schema_path else shown(value)
    return f"{what} found, expected {expected(schema)}", ""
