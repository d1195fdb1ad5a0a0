"""Documents as token ids: ragged, truncated, not padded."""

import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from datasets import Dataset, DatasetDict
from datasets.utils.logging import disable_progress_bar
from transformers import PreTrainedTokenizerBase

from glossbench.data.encoders import load_config, load_tokenizer, longest_input
from glossbench.errors import CorpusError, SettingsError
from glossbench.files import write_json

BATCH = 1000  # documents per call of the tokenizer
CARD = "card.json"
MANY = 0.2  # share of tokens that is worth a warning


def tokenize(
    splits: dict[str, str | Path], encoder: str | Path, max_length: int, folder: str | Path
) -> dict[str, dict[str, float]]:
    """Tokenize the splits of a prepared corpus.

    Tokens are cut from the longer text of a pair ("longest_first"): each text keeps at least half of the available
    tokens, or all of its own.

    Args:
        splits: Parquet file of each split, with doc_id, text, label, and text_pair where documents are pairs.
        encoder: Folder with a tokenizer.
        max_length: Tokens that a document is cut to, special tokens included.
        folder: Where the tokens go, replacing what is there: a DatasetDict on disk. A split has its documents in order,
            with doc_id (string), input_ids (list of int32), token_type_ids (list of int8 of the same length; only for
            pairs, and only where the encoder has token types) and label (int64); and card.json with what is returned.

    Returns:
        For each split the shares of tokens that are "unknown" to the encoder, of those that are kept, and "truncated",
        of all. Special tokens are not counted.

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
    folder, tokens, shares = Path(folder), DatasetDict(), {}
    for name, path in splits.items():
        tokens[name], shares[name] = _tokenize_split(path, tokenizer, max_length, typed)
    partial = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(partial, ignore_errors=True)  # of a killed job
    disable_progress_bar()
    tokens.save_to_disk(partial)
    write_json(partial / CARD, shares)
    shutil.rmtree(folder, ignore_errors=True)
    partial.replace(folder)
    return shares


def _tokenize_split(
    path: str | Path, tokenizer: PreTrainedTokenizerBase, max_length: int, typed: bool
) -> tuple[Dataset, dict[str, float]]:
    file = pq.ParquetFile(path)
    columns = [name for name in ("text", "text_pair") if name in file.schema_arrow.names]
    special = tokenizer.num_special_tokens_to_add(pair=len(columns) == 2)
    batches, kept, cut_off, unknown = [], 0, 0, 0
    for batch in file.iter_batches(batch_size=BATCH, columns=["doc_id", *columns, "label"]):
        texts = [batch.column(name).to_pylist() for name in columns]
        encoded = tokenizer(
            *texts,
            truncation="longest_first",
            max_length=max_length,
            padding=False,
            return_attention_mask=False,
            return_token_type_ids=typed,
        )
        ids = pa.array(encoded["input_ids"], pa.list_(pa.int32()))
        typing = {"token_type_ids": pa.array(encoded["token_type_ids"], pa.list_(pa.int8()))} if typed else {}
        table = {"doc_id": batch.column("doc_id"), "input_ids": ids, **typing, "label": batch.column("label")}
        batches.append(pa.record_batch(table))
        kept += len(ids.flatten()) - special * len(ids)
        if tokenizer.unk_token_id is not None:
            unknown += pc.sum(pc.equal(ids.flatten(), tokenizer.unk_token_id)).as_py() or 0
        if len(texts) == 1 and tokenizer.is_fast:
            parts = [part for whole in encoded.encodings for part in whole.overflowing]
            cut_off += sum(len(part) - special for part in parts)
        elif full := [i for i, row in enumerate(encoded["input_ids"]) if len(row) == max_length]:
            # of pairs, what was cut off is not kept: those that fill the length are tokenized whole
            whole = tokenizer(*([text[i] for i in full] for text in texts), verbose=False)["input_ids"]
            cut_off += sum(map(len, whole)) - max_length * len(full)
    if not batches:
        raise CorpusError(f"{path}: no documents in it, expected at least one")
    shares = {"unknown": unknown / max(kept, 1), "truncated": cut_off / max(kept + cut_off, 1)}
    return Dataset(pa.Table.from_batches(batches)), {name: round(share, 4) for name, share in shares.items()}


def odd_shares(shares: dict[str, dict[str, float]], max_length: int) -> str:
    """A warning about tokens of the training split that the encoder does not know or see; mostly empty."""
    advice = {
        "unknown": "are unknown to the encoder; was it trained on this language and script?",
        "truncated": f"are cut off at max_length {max_length}; raise it where the encoder can take more",
    }
    found = shares["train"]
    return "; ".join(f"{found[name]:.0%} of the tokens {text}" for name, text in advice.items() if found[name] > MANY)
