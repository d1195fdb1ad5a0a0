"""One-line messages about values that a model refuses: the place, what was found, what was expected."""

import json
from collections.abc import Iterable
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from glossbench.errors import SettingsError, nearest

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
Path = tuple[str | int, ...]


class Schema(GenerateJsonSchema):
    """JSON Schema without the titles that pydantic makes of names; those that fields state are kept."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def generate(self, schema: Any, mode: str = "validation") -> dict[str, Any]:
        """The schema of a model, definitions without titles."""
        found = super().generate(schema, mode)
        for definition in [found, *found.get("$defs", {}).values()]:
            definition.pop("title", None)
        return found


def refusal(errors: list[dict[str, Any]], model: Any, path: Path = ()) -> str:
    """One line about the most informative of the errors of a value.

    An unknown key is reported first, because it is often the misspelled form of a key that is missing.

    Args:
        errors: Errors of pydantic; at least one.
        model: The model that refused the value.
        path: Path of the value in its file.
    """
    schema = model.model_json_schema(schema_generator=Schema)
    unknown = [error for error in errors if error["type"] == "extra_forbidden"]
    first = (unknown or errors)[0]
    same = [error for error in unknown or errors if error["loc"][:1] == first["loc"][:1]]
    # of the alternatives that a value may be, the one that it got farthest with
    error = max(same, key=lambda error: len(error["loc"])) if _is_mapping(first) else first
    *_, last = error["loc"] or ("",)
    if error["type"] in ("extra_forbidden", "missing"):
        holder, place = _schema_at(schema, error["loc"][:-1], schema)
        place = (*path, *place, last)
        if error["type"] == "missing":
            return f"{spelled_path(place)}: missing"
        known = [
            key for part in (holder, *_alternatives(holder)) for key in _resolved(part, schema).get("properties", {})
        ]
        suggestion = nearest(last, known) or f"; keys here: {', '.join(known) or 'none'}"
        return f"{spelled_path(place)}: unknown key{suggestion}"
    at, place = _schema_at(schema, error["loc"], schema)
    where = spelled_path((*path, *place))
    prefix = f"{where}: " if where else ""
    if error["type"] == "misfit":
        return f"{spelled_path((*path, *place, *error['ctx']['path']))}: {error['ctx']['message']}"
    if error["type"] == "value_error":
        return f"{prefix}{error['ctx']['error']}"
    value = error["input"]
    digits = f" of at most {DIGITS} digits" if isinstance(value, int) and len(shown(value)) > DIGITS else ""
    return f"{prefix}{shown(value)} found, expected {expected(at, schema)}{digits}"


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


def expected(node: dict[str, Any], schema: dict[str, Any]) -> str:
    """What a part of a JSON Schema accepts, in words: its title, or else its values, types and bounds.

    Args:
        node: The part.
        schema: The whole, with its definitions.
    """
    node = _resolved(node, schema)
    if "title" in node:
        return node["title"]
    if alternatives := _alternatives(node):
        words = [expected(one, schema) for one in alternatives if one != {"type": "null"}]
        text = ", or ".join(dict.fromkeys(words))
        return text if len(words) == len(alternatives) else f"{text}{', or' if len(words) > 1 else ' or'} null"
    if "const" in node:
        return shown(node["const"])
    if "enum" in node:
        return "one of " + ", ".join(map(str, node["enum"]))
    text = KINDS[node["type"]]
    if bounds := " and ".join(f"{word} {node[bound]:.12g}" for bound, word in BOUNDS.items() if bound in node):
        text += f" {bounds}"
    if node.get("minItems") or node.get("minProperties"):
        text += " of at least one"
    if "maxLength" in node:
        text += f" of at most {node['maxLength']} characters"
    return text + (" with " + ", ".join(node["required"]) if "required" in node else "")


def _is_mapping(error: dict[str, Any]) -> bool:
    return isinstance(error["input"], dict)


def _resolved(node: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    reference = node.get("$ref", "").removeprefix("#/$defs/")
    return {**schema["$defs"][reference], **node} if reference else node


def alternatives(node: dict[str, Any], schema: dict[str, Any]) -> list[dict[str, Any]]:
    """The alternatives that a part of a JSON Schema consists of, each with its definition; of one that has none itself.

    Args:
        node: The part.
        schema: The whole, with its definitions.
    """
    node = _resolved(node, schema)
    found = _alternatives(node)
    return [inner for one in found for inner in alternatives(one, schema)] if found else [node]


def _alternatives(node: dict[str, Any]) -> list[dict[str, Any]]:
    return node.get("anyOf") or node.get("oneOf") or []


def _schema_at(node: dict[str, Any], loc: Path, schema: dict[str, Any]) -> tuple[dict[str, Any], Path]:
    """The part of a schema that an error is about, and its path: its place without the names of alternatives."""
    node = _resolved(node, schema)
    if not loc:
        return node, ()
    step, rest = loc[0], loc[1:]
    inner = node.get("items") if isinstance(step, int) else node.get("properties", {}).get(step)
    if inner is None and isinstance(step, str) and isinstance(node.get("additionalProperties"), dict):
        inner = node["additionalProperties"]
    if inner is not None:
        found, path = _schema_at(inner, rest, schema)
        return found, (step, *path)
    for one in _alternatives(node):
        for remaining in (loc, rest):
            found, path = _schema_at(one, remaining, schema)
            if path and len(remaining):
                return found, path
    return node, ()
