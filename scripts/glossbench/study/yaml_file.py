"""Strict reading of YAML files. Errors name the file and the line."""

import json
from pathlib import Path
from typing import Any

import yaml

from glossbench.errors import SettingsError

# Both construct basic values only, never Python objects. The one in C also reads JSON that is indented with tabs.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(path: Path) -> dict[str, Any]:
    """Read the mapping in a YAML file, converted by ``to_jsonable``.

    Raises:
        SettingsError: The file cannot be read, does not parse, gives a key twice (with the line), or is no mapping.
    """
    content = b""
    try:
        content = path.read_bytes()
        loader = LOADER(content)
        root = loader.get_single_node()
        _refuse_repeated_keys(root, set())
        loaded = loader.construct_document(root) if root else None
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}") from None
    except yaml.reader.ReaderError as error:
        line = content[: error.position].count(b"\n") + 1
        raise SettingsError(f"{path}: line {line}: not valid YAML in UTF-8: {error.reason}") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else "?"
        raise SettingsError(f"{path}: line {line}: not valid YAML: {error.problem}") from None
    if not isinstance(loaded, dict):
        raise SettingsError(f"{path}: a mapping of keys to values was expected")
    return to_jsonable(loaded, str(path))


def to_jsonable(value: Any, source: str) -> Any:
    """A copy of parsed YAML with the types of JSON. Keys and dates become text.

    Args:
        value: Parsed YAML.
        source: Name of its file, for the error.

    Raises:
        SettingsError: The value contains itself.
    """
    try:
        return json.loads(json.dumps(_with_text_keys(value), default=str))
    except RecursionError:
        raise SettingsError(f"{source}: an alias (*) stands inside what it names, or mappings nest too deep") from None


def _with_text_keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {_key_text(key): _with_text_keys(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_text_keys(item) for item in value]
    return value


def _key_text(key: Any) -> str:
    return key if isinstance(key, str) else json.dumps(key, default=str).strip('"')


def _refuse_repeated_keys(node: yaml.Node | None, seen: set[int]) -> None:
    """Raise MarkedYAMLError if a mapping has a key twice.

    Nodes are checked, not the loaded values: in nodes a merge key (<<) is not yet resolved, and a mapping may repeat
    the keys that it merges.
    """
    if not isinstance(node, yaml.CollectionNode) or id(node) in seen:
        return
    seen.add(id(node))  # aliases lead to the same node again, and may form a cycle
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _refuse_repeated_keys(item, seen)
        return
    lines: dict[tuple[str, str], int] = {}
    for key, value in node.value:
        if isinstance(key, yaml.ScalarNode):
            name, line = (key.tag, key.value), key.start_mark.line + 1
            if name in lines:
                problem = f"key {json.dumps(key.value)} is given twice, first in line {lines[name]}"
                raise yaml.MarkedYAMLError(problem=problem, problem_mark=key.start_mark)
            lines[name] = line
        _refuse_repeated_keys(value, seen)
