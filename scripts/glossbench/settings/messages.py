"""One-line messages about values that a model refuses: the place, what was found, what was expected."""

import json
from collections.abc import Iterable
from itertools import product
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


def schema_of(model: Any) -> dict[str, Any]:
    """The JSON Schema of a model, with definitions in the places that refer to them."""
    whole = model.model_json_schema(schema_generator=Schema)

    def inlined(node: Any) -> Any:
        if isinstance(node, list):
            return [inlined(item) for item in node]
        if not isinstance(node, dict):
            return node
        definition = whole["$defs"][node["$ref"].removeprefix("#/$defs/")] if "$ref" in node else {}
        return {key: inlined(item) for key, item in {**definition, **node}.items() if key not in ("$ref", "$defs")}

    return inlined(whole)


def message_of(errors: list[dict[str, Any]], model: Any, path: Path = ()) -> str:
    """One line about the most informative of pydantic's errors of a value, which is at a path of its file.

    An unknown key is reported first, because it is often the misspelled form of a key that is missing.
    """
    unknown = [error for error in errors if error["type"] == "extra_forbidden"]
    first = (unknown or errors)[0]
    same = [error for error in unknown or errors if error["loc"][:1] == first["loc"][:1]]
    # of the alternatives that a value may be, the one that it got farthest with
    error = max(same, key=lambda error: len(error["loc"])) if isinstance(first["input"], dict) else first
    kind, context = error["type"], error.get("ctx", {})
    key = error["loc"][-1:] if kind in ("extra_forbidden", "missing") else ()
    node, place = _schema_at(schema_of(model), error["loc"][: len(error["loc"]) - len(key)])
    if kind == "missing":
        text = "missing"
    elif kind == "extra_forbidden":
        known = [name for part in alternatives(node) for name in part.get("properties", {})]
        text = "unknown key" + (nearest(key[0], known) or f"; keys here: {', '.join(known) or 'none'}")
    elif kind in ("misfit", "value_error"):
        text = context.get("message") or str(context["error"])
    else:
        value = error["input"]
        digits = f" of at most {DIGITS} digits" if isinstance(value, int) and len(quoted(value)) > DIGITS else ""
        text = f"{quoted(value)} found, expected {expected(node)}{digits}"
    return ": ".join(filter(None, [spelled_path((*path, *place, *key, *context.get("path", ()))), text]))


def quoted(value: Any) -> str:
    """A value as one line of JSON, shortened to ``LONGEST`` characters."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def spelled_path(path: Iterable[str | int]) -> str:
    """A path as text, e.g. ``training.clip_norm`` or ``seeds[0]``."""
    steps = (f"[{step}]" if isinstance(step, int) else "." + (quoted(step)[1:-1] or '""') for step in path)
    return "".join(steps).lstrip(".")


def must_be_known(key: str, known: Any, where: str, what: str) -> None:
    """Raise SettingsError if ``key``, at ``where``, is none of the known names, which are ``what`` in the plural."""
    if key not in known:
        raise SettingsError(f"{where}: unknown {quoted(key)}{nearest(key, known)}; {what}: {', '.join(sorted(known))}")


def expected(node: dict[str, Any]) -> str:
    """What a part of a JSON Schema accepts, in words: its title, or else its values, types and bounds."""
    if "title" in node:
        return node["title"]
    if several := _alternatives(node):
        words = dict.fromkeys(expected(one) for one in several if one != {"type": "null"})
        text = ", or ".join(words)
        return f"{text}{', or' if len(words) > 1 else ' or'} null" if {"type": "null"} in several else text
    if "const" in node:
        return quoted(node["const"])
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


def alternatives(node: dict[str, Any]) -> list[dict[str, Any]]:
    """The alternatives that a part of a JSON Schema consists of; of one that has none itself."""
    return [inner for one in _alternatives(node) for inner in alternatives(one)] or [node]


def _alternatives(node: dict[str, Any]) -> list[dict[str, Any]]:
    return node.get("anyOf") or node.get("oneOf") or []


def _schema_at(node: dict[str, Any], loc: Path) -> tuple[dict[str, Any], Path]:
    """The part of a schema that an error is about, and its path: its place without the names of alternatives."""
    if not loc:
        return node, ()
    step, *rest = loc
    inner = node.get("items") if isinstance(step, int) else node.get("properties", {}).get(step)
    if inner is None and isinstance(step, str) and isinstance(node.get("additionalProperties"), dict):
        inner = node["additionalProperties"]
    if inner is not None:
        found, path = _schema_at(inner, rest)
        return found, (step, *path)
    for one, remaining in product(_alternatives(node), (loc, rest)):
        found, path = _schema_at(one, remaining)
        if path:
            return found, path
    return node, ()
