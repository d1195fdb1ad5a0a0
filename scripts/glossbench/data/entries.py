"""The settings of a registry's entry that each step of the data stage depends on.

Imported while the workflow is parsed, so it imports nothing that takes long.
"""

import json
import re
from pathlib import Path

from glossbench.errors import SettingsError
from glossbench.files import existing

WILDCARD = re.compile(r"\{\s*\w")
SOURCES = ("files", "wheel", "wheels", "hub", "splits", "file", "path")


def fetch_settings(entry: dict) -> dict:
    """What decides which files are fetched: the kind and where the files are.

    Where an encoder's files are not given by digests, also the sizes stated in its entry, which are to be those of the
    fetched configuration.
    """
    settings = {key: entry[key] for key in ("kind", *SOURCES) if key in entry}
    if entry["kind"] in ("hub", "folder"):
        settings["facts"] = {key: entry[key] for key in ("layers", "hidden") if key in entry}
    return settings


def local_path(entry: dict) -> Path | None:
    """The local file or folder that an entry names by ``path``; None where there is none."""
    return existing(entry["path"], folder=entry["kind"] == "folder") if "path" in entry else None


def local_files(entry: dict) -> list[str]:
    """The files of ``local_path``; fetching runs again when one of them changes. Hidden ones are not among them."""
    path = local_path(entry)
    files = path.iterdir() if path and path.is_dir() else filter(None, [path])
    return sorted(str(file) for file in files if file.is_file() and not file.name.startswith("."))


def check_path(entry: dict, place: str) -> None:
    """Check the local file or folder of an entry, before Snakemake asks for it; ``place`` is its file and key.

    SettingsError if it does not exist, or Snakemake would read a part of the path as a wildcard.
    """
    if "path" not in entry:
        return
    found, kind = f"{place}.path: {json.dumps(entry['path'])} found", "folder" if entry["kind"] == "folder" else "file"
    if local_path(entry) is None:
        raise SettingsError(f"{found}, expected a {kind} that exists (looked in {Path.cwd()})")
    if named := next((file for file in local_files(entry) if WILDCARD.search(file)), None):
        raise SettingsError(f"{found}, but Snakemake reads braces as a wildcard in {named}; rename it")


def digests(entry: dict) -> dict[str, str]:
    """The sha256 of each file by its role, or repository and commit on the hub: the same for all hosts.

    Empty for local files: their digests are in the manifest, which is an input of every step that reads them.
    """
    if "hub" in entry:
        return {"hub": f"{entry['hub']['repo']}@{entry['hub']['revision']}"}
    if "wheels" in entry:
        return {part["file"]: part["sha256"] for part in entry["wheels"]["parts"]}
    sources = entry.get("files") or {key: entry[key] for key in ("wheel", "file") if key in entry}
    return {role: source["sha256"] for role, source in sources.items()}


def split_files(splits: dict[str, str | list[str]]) -> dict[str, list[str]]:
    """The files of each split of a corpus on the hub, as lists; the registry may name a single file without a list."""
    return {split: [names] if isinstance(names, str) else list(names) for split, names in splits.items()}


def prepare_settings(entry: dict) -> dict:
    """What decides how documents are read and split: the kind, the files' content, their layout and the splitting."""
    layout = {key: entry[key] for key in ("columns", "splits") if key in entry}
    settings = {"kind": entry["kind"], "digests": digests(entry), "splitting": entry["splitting"]}
    return settings | ({"layout": layout} if layout else {})


def card_settings(corpus: str, entry: dict) -> dict:
    """What a corpus's card says in words, and the sizes that the entry states, if it does.

    Separate from ``prepare_settings``, so that rewording an entry prepares and trains nothing again.
    """
    kept = ("title", "description", "source", "licence", "splitting", "documents")
    return {"corpus": corpus, **{key: entry[key] for key in kept if key in entry}}
