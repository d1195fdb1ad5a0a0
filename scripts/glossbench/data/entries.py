"""What each step of the data stage depends on of a registry's entry, and nothing else.

Read while the workflow is parsed, so nothing heavy is imported here.
"""


def fetch_settings(entry: dict) -> dict:
    """What decides which files are fetched: the kind and where the files are; no titles, no split."""
    return {key: entry[key] for key in ("kind", "files", "wheel") if key in entry}


def digests(entry: dict) -> dict[str, str]:
    """The sha256 of every file an entry names: its identity, whatever host it comes from."""
    sources = entry["files"] if "files" in entry else {"wheel": entry["wheel"]}
    return {role: source["sha256"] for role, source in sources.items()}


def prepare_settings(entry: dict) -> dict:
    """What decides how documents are read and split: the kind, the files' content and the split."""
    return {"kind": entry["kind"], "digests": digests(entry), "split": entry["split"]}


def card_settings(corpus: str, entry: dict) -> dict:
    """The words of a corpus's card, and the sizes it is held against where the entry states them.

    Rewording them must not prepare or train anything again.
    """
    kept = ("title", "description", "source", "licence", "split", "documents")
    return {"corpus": corpus, **{key: entry[key] for key in kept if key in entry}}
