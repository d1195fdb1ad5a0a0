"""Documents as token ids: ragged, truncated, not padded."""

import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from datasets import Dataset, DatasetDict
from datasets.utils.logging import disable_progress_bar
from transformers import PreTrainedTokenizerBase

from glossbench.data.encoders import load_config, load_tokenizer, longest_input
from glossbench.errors import CorpusError, SettingsError

BATCH = 1000  # documents per call of the tokenizer


def tokenize(splits: dict[str, str | Path], encoder: str | Path, max_length: int) -> DatasetDict:
    """Tokenize the splits of a prepared corpus.

    Tokens are cut from the longer text of a pair ("longest_first"): each text keeps at least half of the available
    tokens, or all of its own.

    Args:
        splits: Parquet file of each split, with doc_id, text, label, and text_pair where documents are pairs.
        encoder: Folder with a tokenizer.
        max_length: Tokens that a document is cut to, special tokens included.

    Returns:
        For each split, documents in the order of its file: doc_id (string), input_ids (list of int32), token_type_ids
        (list of int8 of the same length; only for pairs, and only where the encoder has token types) and label
        (int64).

    Raises:
        SettingsError: The encoder cannot take ``max_length`` tokens.
        CorpusError: A file has no documents.
    """
    tokenizer, config = load_tokenizer(encoder), load_config(encoder)
    pairs = any("text_pair" in pq.read_schema(path).names for path in splits.values())
    least = tokenizer.num_special_tokens_to_add(pair=pairs) + 1
    most = min(tokenizer.model_max_length, longest_input(config))
    if not least <= max_length <= most:
        raise SettingsError(f"max_length: {max_length}, expected {least} to {most} for the encoder in {encoder}")
    # BERT has embeddings of two token types, RoBERTa of one, DistilBERT of none
    typed = pairs and getattr(config, "type_vocab_size", 1) > 1
    return DatasetDict({name: _tokenize_split(path, tokenizer, max_length, typed) for name, path in splits.items()})


def _tokenize_split(path: str | Path, tokenizer: PreTrainedTokenizerBase, max_length: int, typed: bool) -> Dataset:
    file = pq.ParquetFile(path)
    texts = [name for name in ("text", "text_pair") if name in file.schema_arrow.names]
    batches = []
    for batch in file.iter_batches(batch_size=BATCH, columns=["doc_id", *texts, "label"]):
        encoded = tokenizer(
            *(batch.column(name).to_pylist() for name in texts),
            truncation="longest_first",
            max_length=max_length,
            padding=False,
            return_attention_mask=False,
            return_token_type_ids=typed,
        )
        columns = {"doc_id": batch.column("doc_id"), "input_ids": pa.array(encoded["input_ids"], pa.list_(pa.int32()))}
        if typed:
            columns["token_type_ids"] = pa.array(encoded["token_type_ids"], pa.list_(pa.int8()))
        batches.append(pa.record_batch({**columns, "label": batch.column("label")}))
    if not batches:
        raise CorpusError(f"{path}: no documents in it, expected at least one")
    return Dataset(pa.Table.from_batches(batches))


def save_tokens(tokens: DatasetDict, folder: str | Path) -> None:
    """Save a DatasetDict to ``folder``, replacing what is there; an interrupted save leaves no partial folder."""
    folder = Path(folder)
    temporary = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(temporary, ignore_errors=True)
    disable_progress_bar()
    tokens.save_to_disk(temporary)
    shutil.rmtree(folder, ignore_errors=True)
    temporary.replace(folder)
