"""Which files make an encoder, whether they fit each other, and its configuration and tokenizer."""

import logging
from collections.abc import Collection
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from safetensors import SafetensorError, safe_open

from glossbench.errors import FetchError, brief
from glossbench.files import read_json

if TYPE_CHECKING:
    from transformers import PretrainedConfig, PreTrainedTokenizerBase

log = logging.getLogger(__name__)

CONFIG = "config.json"
WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"  # where the weights are in several files
SHARDS = "model-*-of-*.safetensors"
VOCABULARIES = ("tokenizer.json", "vocab.txt", "vocab.json")
# Configuration, tokenizer and safetensors weights; no pickles, since loading one runs code.
ENCODER_FILES = (CONFIG, WEIGHTS, INDEX, SHARDS, *VOCABULARIES, "tokenizer_config.json", "special_tokens_map.json")
ENCODER_FILES += ("added_tokens.json", "merges.txt")
OTHER_WEIGHTS = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".h5", ".msgpack", ".ot", ".onnx")
# Those that tests/learning compares with transformers.
FAMILIES = ("bert", "roberta", "distilbert", "xlm-roberta", "camembert", "electra", "mpnet", "deberta", "deberta-v2")
FAMILIES += ("modernbert", "albert", "nomic_bert", "eurobert")
FROM_PADDING = ("roberta", "xlm-roberta", "camembert", "mpnet")  # positions count from the one after padding's number
FACTS = {"layers": "num_hidden_layers", "hidden": "hidden_size"}
PLAIN = {"quantization_config": None, "is_decoder": False, "position_embedding_type": "absolute"}
WORDS = ("embeddings.word_embeddings.weight", "embeddings.tok_embeddings.weight", "embed_tokens.weight")
UNTRAINED = ("position_ids", "token_type_ids")  # tables of whole numbers that older files have
NO_TOKENIZER = f"no tokenizer, expected one of {', '.join(VOCABULARIES)}"


def encoder_files(names: Collection[str]) -> tuple[list[str], str]:
    """The files of a folder that make an encoder, and which one is missing, for an error message, or "".

    Shards are left out where the weights are also in one file.
    """
    top_level = sorted(name for name in names if "/" not in name)  # fnmatch's * would also match slashes
    files = [name for name in top_level if any(fnmatchcase(name, pattern) for pattern in ENCODER_FILES)]
    if WEIGHTS in files:
        files = [name for name in files if name != INDEX and not fnmatchcase(name, SHARDS)]
    missing = ""
    if CONFIG not in files:
        missing = f"no {CONFIG}"
    elif not {WEIGHTS, INDEX} & set(files):
        others = sorted(name for name in names if name.endswith(OTHER_WEIGHTS))
        only = f", only {others[0]}" if others else ""
        missing = f"no {WEIGHTS}{only} (weights in another format are not read: a pickle runs code)"
    elif not set(VOCABULARIES) & set(files):
        missing = NO_TOKENIZER
    return files, missing


def check_encoder(folder: Path, facts: dict[str, int], source: str) -> None:
    """Check that configuration, weights and tokenizer can be read, fit each other, and agree with the registry.

    ``facts`` are "layers" and "hidden", where the registry states them; ``source`` names the encoder in errors.
    FetchError if they cannot be read, do not fit, or are of a kind that is not supported.
    """
    try:
        config = load_config(folder)
        for fact, key in FACTS.items():
            found = getattr(config, key)
            if fact in facts and found != facts[fact]:
                raise FetchError(
                    f"{CONFIG} ({config.model_type}) says {fact} {found}, the registry says {facts[fact]}; "
                    f"correct `{fact}:` in the encoder's entry"
                )
        _check_weights(folder, config)
        vocabulary = load_tokenizer(folder).get_vocab()
        last = max(vocabulary, key=vocabulary.get)
        if vocabulary[last] >= config.vocab_size:
            raise FetchError(
                f"the tokenizer's token {last!r} has number {vocabulary[last]}, expected less than "
                f"{config.vocab_size}, the rows of the word table; take the tokenizer that the weights were trained "
                f"with"
            )
    except FetchError as error:
        raise FetchError(f"{source}: {str(error).removeprefix(f'{folder}: ')}") from error


def load_config(folder: str | Path) -> "PretrainedConfig":
    """Read an encoder's configuration, without running its code; FetchError if there is none, or of another family."""
    try:
        stated = read_json(Path(folder) / CONFIG)
        family = stated["model_type"]
        if family not in FAMILIES:
            raise FetchError(f"{folder}: {CONFIG} says model_type {family}, expected one of {', '.join(FAMILIES)}")
        from transformers import AutoConfig  # takes seconds, and a corpus is fetched without it

        config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FetchError(f"{folder}: {CONFIG} is not the configuration of a model ({brief(error)})") from error
    for key, expected in PLAIN.items():
        if stated.get(key, expected) not in (expected, None):
            found = brief(stated[key])
            raise FetchError(f"{folder}: {CONFIG} says {key} {found}, expected {expected}; take an encoder without it")
    return config


def longest_input(config: "PretrainedConfig") -> int:
    """The most tokens that an encoder has positions for."""
    unused = config.pad_token_id + 1 if config.model_type in FROM_PADDING else 0
    return config.max_position_embeddings - unused


def load_tokenizer(folder: str | Path) -> "PreTrainedTokenizerBase":
    """Load the tokenizer in an encoder's folder, from local files only, without running code from them.

    FetchError if there is none, transformers cannot load it, or it knows no words.
    """
    from transformers import AutoTokenizer

    # without any of these files, transformers would return a tokenizer without a vocabulary
    if not any((Path(folder) / name).is_file() for name in VOCABULARIES):
        raise FetchError(f"{folder}: {NO_TOKENIZER}")
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except Exception as error:  # tokenizers raises Exception itself
        reason = str(error).strip().partition("\n")[0]
        raise FetchError(f"{folder}: no tokenizer that transformers can load: {reason}") from error
    if not set(tokenizer.get_vocab()) - set(tokenizer.all_special_tokens):
        raise FetchError(f"{folder}: no words in its tokenizer; one of {', '.join(VOCABULARIES)} is empty")
    return tokenizer


def wrapper(names: Collection[str]) -> str:
    """What stands before the names of an encoder's weights, as "bert." or "0.auto_model."; mostly nothing."""
    found = (name.removesuffix(words) for words in WORDS for name in names if name.endswith(words))
    return min(found, key=len, default="")


def weight_shapes(folder: Path) -> dict[str, tuple[int, ...]]:
    """Shapes of all weights by name, from the headers of the files.

    FetchError if a file or the index of files is damaged, or the weights are not floating-point numbers.
    """
    shapes = {}
    for path in sorted(folder.glob("*.safetensors")):
        try:
            with safe_open(path, framework="numpy") as stored:  # compares the file's size with its header
                for name in stored.keys():
                    shapes[name] = tuple(stored.get_slice(name).get_shape())
                    kind = stored.get_slice(name).get_dtype()
                    if not kind.startswith(("F", "BF")) and not name.endswith(UNTRAINED):
                        raise FetchError(f"{path.name}: {name} is of type {kind}, expected floating-point weights")
        except SafetensorError as error:
            raise FetchError(
                f"{path.name} is no whole safetensors file ({brief(error)}), {path.stat().st_size} bytes; "
                f"fetch it again (a Git LFS pointer in place of the weights is such a file too)"
            ) from error
    if not (folder / WEIGHTS).is_file():
        try:
            shards = set(read_json(folder / INDEX)["weight_map"].values())
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise FetchError(f"{INDEX} is no index of weights ({brief(error)}); fetch it again") from error
        if missing := sorted(name for name in shards or ["no files"] if not (folder / name).is_file()):
            raise FetchError(f"{INDEX} names {missing[0]}, which is missing; fetch it again")
    return shapes


def _check_weights(folder: Path, config: "PretrainedConfig") -> None:
    """Compare names and shapes with those of the model that the configuration describes."""
    import torch
    from transformers import AutoModel
    from transformers.conversion_mapping import get_checkpoint_conversion_mapping

    stored = weight_shapes(folder)
    if get_checkpoint_conversion_mapping(config.model_type):
        return  # names change while transformers loads it, which says what is missing
    if before := wrapper(stored):
        log.info("names of weights in %s begin with %s, which is left out", folder, before)
    found = {
        # as transformers has the names today
        name.removeprefix(before).replace("Norm.gamma", "Norm.weight").replace("Norm.beta", "Norm.bias"): shape
        for name, shape in stored.items()
        if name.startswith(before)
    }
    try:
        with torch.device("meta"):
            model = AutoModel.from_config(config)
    except (ValueError, KeyError, TypeError, RuntimeError, AttributeError) as error:
        raise FetchError(f"{CONFIG} does not describe a model ({brief(error)})") from error
    expected = {name: tuple(weight.shape) for name, weight in model.state_dict().items()}
    expected = {name: shape for name, shape in expected.items() if not name.startswith("pooler.")}
    own = tuple({f"{name.partition('.')[0]}." for name in expected})
    faults = [f"{name} is missing" for name in expected if name not in found]
    for name, shape in sorted(found.items()):
        if name in expected and shape != expected[name]:
            faults.append(f"{name} is {shape}, expected {expected[name]}")
        elif name.startswith(own) and name not in expected and not name.endswith(UNTRAINED):
            faults.append(f"{name} has no place in it")
    if faults:
        more = f", and {len(faults) - 1} more" if faults[1:] else ""
        raise FetchError(
            f"the weights do not fit {CONFIG} ({config.model_type}): {faults[0]}{more}; take both from one source"
        )
