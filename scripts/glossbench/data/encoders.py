"""Which files make an encoder, and whether they are the encoder that the registry describes."""

import json
from collections.abc import Collection
from fnmatch import fnmatchcase
from pathlib import Path

from safetensors import SafetensorError, safe_open

from glossbench.errors import FetchError

CONFIG = "config.json"
WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"  # where the weights are in several files
SHARDS = "model-*-of-*.safetensors"
VOCABULARIES = ("tokenizer.json", "vocab.txt", "vocab.json")
# Configuration, tokenizer and safetensors weights; no pickles, since loading one runs code.
ENCODER_FILES = (
    CONFIG,
    WEIGHTS,
    INDEX,
    SHARDS,
    *VOCABULARIES,
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "merges.txt",
)
OTHER_WEIGHTS = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".h5", ".msgpack", ".ot", ".onnx")
# Names of the same number in the configurations of BERT and RoBERTa, and in that of DistilBERT.
FACTS = {"layers": ("num_hidden_layers", "n_layers"), "hidden": ("hidden_size", "dim")}


def wanted_files(names: Collection[str]) -> list[str]:
    """The files of a folder that make an encoder; shards are left out where the weights are also in one file."""
    top_level = sorted(name for name in names if "/" not in name)  # fnmatch's * would also match slashes
    files = [name for name in top_level if any(fnmatchcase(name, pattern) for pattern in ENCODER_FILES)]
    if WEIGHTS in files:
        files = [name for name in files if name != INDEX and not fnmatchcase(name, SHARDS)]
    return files


def missing_files(names: Collection[str]) -> str:
    """Which file an encoder needs and these do not have, for an error message; empty where none is missing."""
    if CONFIG not in names:
        return f"no {CONFIG}"
    if WEIGHTS not in names and INDEX not in names:
        others = sorted(name for name in names if name.endswith(OTHER_WEIGHTS))
        only = f", only {others[0]}" if others else ""
        return f"no {WEIGHTS}{only} (weights in another format are not read: a pickle runs code)"
    if not any(name in names for name in VOCABULARIES):
        return f"no tokenizer, expected one of {', '.join(VOCABULARIES)}"
    return ""


def check_encoder(folder: Path, facts: dict[str, int], source: str) -> None:
    """Check that an encoder's configuration and weights can be read and agree with the registry.

    Args:
        folder: The encoder's files.
        facts: "layers" and "hidden", where the registry states them.
        source: Name of the encoder in error messages.

    Raises:
        FetchError: They cannot be read, or do not agree.
    """
    try:
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        model_type = config["model_type"]
    except (ValueError, KeyError, TypeError) as error:
        raise FetchError(f"{source}: {CONFIG} is not the configuration of a model ({_brief(error)})") from error
    for fact, keys in FACTS.items():
        found = next((config[key] for key in keys if key in config), None)
        if fact in facts and found is not None and found != facts[fact]:
            raise FetchError(
                f"{source}: {CONFIG} ({model_type}) says {fact} {found}, the registry says {facts[fact]}; "
                f"correct `{fact}:` in the encoder's entry"
            )
    for path in sorted(folder.glob("*.safetensors")):
        try:
            with safe_open(path, framework="numpy"):  # reads the header and compares the file's size with it
                pass
        except SafetensorError as error:
            raise FetchError(
                f"{source}: {path.name} is no whole safetensors file ({_brief(error)}), {path.stat().st_size} bytes; "
                f"fetch it again (a Git LFS pointer in place of the weights is such a file too)"
            ) from error


def _brief(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
