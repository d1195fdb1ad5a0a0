"""Documents become token ids: ragged, truncated, never padded."""

import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from datasets import Dataset, DatasetDict
from datasets.utils.logging import disable_progress_bar
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from glossbench.errors import CorpusError, FetchError, SettingsError

BATCH = 1000  # documents the tokenizer gets at once
VOCABULARIES = ("tokenizer.json", "vocab.txt", "vocab.json")
UNLIMITED = 10**9  # tokenizers without a limit of their own state a larger number than this


def load_tokenizer(encoder: str | Path) -> PreTrainedTokenizerBase:
    """The tokenizer in an encoder's folder; only local files, never code from them.

    Raises FetchError where there is none that transformers knows.
    """
    if not any((Path(encoder) / name).is_file() for name in VOCABULARIES):  # else an empty one would be made up
        raise FetchError(f"{encoder}: no tokenizer, expected one of {', '.join(VOCABULARIES)}")
    try:
        return AutoTokenizer.from_pretrained(encoder, local_files_only=True, trust_remote_code=False)
    except (OSError, ValueError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise FetchError(f"{encoder}: no tokenizer that transformers can load: {reason}") from error


def tokenize(parts: dict[str, str | Path], encoder: str | Path, max_length: int) -> DatasetDict:
    """Tokenize the parts of a prepared corpus.

    parts: name -> Parquet file with doc_id, text, label. encoder: folder with a tokenizer. max_length: tokens
    a document keeps, special tokens counted. Columns of the result: doc_id (string), input_ids (list of
    int32, no padding), label (int64); documents in the order of the files. Raises SettingsError where the
    encoder cannot take that many tokens, CorpusError for a file without documents.
    """
    tokenizer = load_tokenizer(encoder)
    least, most = tokenizer.num_special_tokens_to_add() + 1, tokenizer.model_max_length
    if not least <= max_length <= most:
        limit = f"{least} to {most}" if most < UNLIMITED else f"at least {least}"
        raise SettingsError(f"max_length: {max_length}, expected {limit} for the encoder in {encoder}")
    return DatasetDict({name: _tokenize_part(path, tokenizer, max_length) for name, path in parts.items()})


def _tokenize_part(path: str | Path, tokenizer: PreTrainedTokenizerBase, max_length: int) -> Dataset:
    columns = ["doc_id", "text", "label"]
    batches = []
    for batch in pq.ParquetFile(path).iter_batches(batch_size=BATCH, columns=columns):
        ids = tokenizer(
            batch.column("text").to_pylist(),
            truncation=True,
            max_length=max_length,
            padding=False,
            return_attention_mask=False,
            return_token_type_ids=False,
        )["input_ids"]
        token_ids = pa.array(ids, pa.list_(pa.int32()))
        batches.append([batch.column("doc_id"), token_ids, batch.column("label")])
    if not batches:
        raise CorpusError(f"{path}: no documents in it, expected at least one")
    names = ["doc_id", "input_ids", "label"]
    return Dataset(pa.Table.from_arrays([pa.chunked_array(column) for column in zip(*batches, strict=True)], names))


def save_tokens(tokens: DatasetDict, folder: str | Path) -> None:
    """Save a DatasetDict to ``folder``, replacing what is there; whole or not there at all."""
    folder = Path(folder)
    temporary = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(temporary, ignore_errors=True)
    disable_progress_bar()
    tokens.save_to_disk(temporary)
    shutil.rmtree(folder, ignore_errors=True)
    temporary.replace(folder)
