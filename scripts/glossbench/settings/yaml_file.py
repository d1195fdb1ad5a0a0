"""Strict reading of YAML files. Errors name the file and the line."""

import codecs
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import yaml

from glossbench.errors import SettingsError
from glossbench.settings.messages import quoted, spelled_path
from glossbench.settings.model import Model

# Both construct basic values only, never Python objects. The one in C also reads JSON that is indented with tabs.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# YAML 1.1 reads 010 as 8 and 1:30 as 90.
NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
LONGEST_KEY = 60
M = TypeVar("M", bound=Model)
OCTAL = re.compile(r"[-+]?0[0-7_]+")


def read_yaml(path: Path) -> dict[str, Any]:
    """Read the mapping in a YAML file, converted by ``with_json_types``.

    SettingsError if it cannot be read, does not parse, gives a key twice or a number in base 8 or 60 (with the line),
    or is no mapping.
    """
    content = b""
    try:
        content = path.read_bytes()
        if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):  # which YAML is, but Snakemake does not read
            raise SettingsError(f"{path}: text in UTF-16, expected UTF-8; save it as UTF-8")
        loader = LOADER(content)
        root = loader.get_single_node()
        for fault in _faults(root, (), set()):
            raise SettingsError(f"{path}: {fault}")
        loaded = loader.construct_document(root) if root else None
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}") from None
    except yaml.reader.ReaderError as error:
        line = content[: error.position].count(b"\n") + 1
        raise SettingsError(f"{path}: line {line}: not valid YAML in UTF-8: {error.reason}") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else "?"
        raise SettingsError(f"{path}: line {line}: not valid YAML: {error.problem}") from None
    except ValueError as error:  # of a value such as the date 2024-13-01
        raise SettingsError(f"{path}: not valid YAML: {error}") from None
    if not isinstance(loaded, dict):
        raise SettingsError(f"{path}: a mapping of keys to values was expected")
    return with_json_types(loaded, str(path))


def read_registry(path: Path, model: type[M], keys: tuple[str, str]) -> dict[str, M]:
    """The entries of a registry by key; SettingsError if an entry or a key is not valid.

    Args:
        path: Its file.
        model: What an entry is.
        keys: A regular expression for keys of at most 60 characters, and what it accepts in words.
    """
    entries = {}
    for key, entry in read_yaml(path).items():
        check_key(key, keys, str(path))
        entries[key] = model.parse(entry, str(path), (key,))
    return entries


def check_key(key: str, keys: tuple[str, str], where: str) -> None:
    """Raise SettingsError if a key is not as ``read_registry`` says of keys."""
    pattern, words = keys
    if len(key) > LONGEST_KEY or not re.fullmatch(pattern, key):
        raise SettingsError(f"{where}: key {quoted(key)} found, expected {words}")


def with_json_types(value: Any, source: str) -> Any:
    """A copy of parsed YAML with the types of JSON: keys and dates become text. SettingsError if it contains itself."""

    def with_text_keys(value: Any) -> Any:
        if isinstance(value, dict):
            texts = {key: key if isinstance(key, str) else json.dumps(key, default=str).strip('"') for key in value}
            return {texts[key]: with_text_keys(item) for key, item in value.items()}
        return [with_text_keys(item) for item in value] if isinstance(value, list) else value

    try:
        return json.loads(json.dumps(with_text_keys(value), default=str))
    except RecursionError:
        raise SettingsError(f"{source}: an alias (*) stands inside what it names, or mappings nest too deep") from None


def _faults(node: yaml.Node | None, place: tuple[str | int, ...], seen: set[int]) -> Iterator[str]:
    """Keys given twice below a node, and numbers in base 8 or 60, which few who write 010 or 1:30 mean.

    Each node is looked at once: aliases lead to the same one again, and may form a cycle. In nodes a merge key (<<) is
    not yet resolved, and a mapping may repeat the keys that it merges.
    """
    if node is None or id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for position, item in enumerate(node.value):
            yield from _faults(item, (*place, position), seen)
    elif isinstance(node, yaml.MappingNode):
        lines: dict[tuple[str, str], int] = {}
        for key, value in node.value:
            inner = place
            if isinstance(key, yaml.ScalarNode):
                name, line, inner = (key.tag, key.value), key.start_mark.line + 1, (*place, str(key.value))
                if name in lines:
                    twice = f"key {json.dumps(key.value)} is given twice, first in line {lines[name]}"
                    yield f"line {line}: not valid YAML: {twice}"
                lines[name] = line
            yield from _faults(key, place, seen)
            yield from _faults(value, inner, seen)
    elif node.tag in NUMBERS:
        octal = node.tag == NUMBERS[0] and OCTAL.fullmatch(node.value)
        if octal or ":" in node.value:
            read = yaml.SafeLoader("").construct_object(node)
            base, meant = (8, int(node.value)) if octal else (60, f'"{node.value}" for text')
            found = f"{node.value} found, which YAML reads as {read} (base {base}); write {read}, or {meant}"
            yield ": ".join(filter(None, [f"line {node.start_mark.line + 1}", spelled_path(place), found]))
