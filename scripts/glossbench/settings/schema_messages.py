"""One-line error messages for values that break a schema: the place, what was found, what was expected."""

import json
from collections.abc import Iterable
from typing import Any

from jsonschema.exceptions import ValidationError, relevance

from glossbench.errors import nearest

LONGEST = 80  # characters of a value that are shown
DIGITS = 18  # of a whole number that any setting accepts
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
    """One line about the most informative of a value's schema errors.

    An unknown key is reported first, because it is often the misspelled form of a key that is missing.

    Args:
        errors: Errors of one value; at least one.
        path: Path of the value in its file.
    """
    error = _most_informative(errors)
    prefix = spelled_path((*path, *error.absolute_path))
    message, key = _message(error)
    place = ".".join(filter(None, [prefix, key]))
    return f"{place}: {message}" if place else message


def shown(value: Any) -> str:
    """A value as one line of JSON, shortened to ``LONGEST`` characters."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def spelled_path(path: Iterable[str | int]) -> str:
    """A path as text, e.g. ``training.clip_norm`` or ``seeds[0]``."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{bare(step)}" for step in path)
    return "".join(steps).lstrip(".")


def bare(key: str) -> str:
    """A key on one line, without quotes unless the key is empty."""
    return shown(key)[1:-1] or '""'


def expected(schema: dict[str, Any]) -> str:
    """What a schema accepts, in words: its title, or else its values, types and bounds."""
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


def _most_informative(errors: Iterable[ValidationError]) -> ValidationError:
    errors = list(errors)
    unknown = [error for error in errors if error.validator == "additionalProperties"]
    error = max(unknown or errors, key=relevance)
    if error.validator in ("anyOf", "oneOf") and isinstance(error.instance, dict):
        for choice in range(len(error.validator_value)):
            inside = [part for part in error.context if part.relative_schema_path[0] == choice]
            # The alternative for mappings reports errors of the mapping's keys, not of the mapping itself.
            if not any(part.validator in ("type", "enum", "const") and not part.relative_path for part in inside):
                return _most_informative(inside)
    return error


def _message(error: ValidationError) -> tuple[str, str]:
    """What is wrong, and the key that it is about if the error's path ends at the mapping that holds the key."""
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
    digits = f" of at most {DIGITS} digits" if isinstance(value, int) and len(shown(value)) > DIGITS else ""
    return f"{what} found, expected {expected(schema)}{digits}", ""
