"""A fetched corpus is read, split, and written as three files of documents: train, val and test."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from glossbench.checksums import listed_files
from glossbench.data.reading import read_documents, read_validation
from glossbench.data.splitting import stratified_split
from glossbench.errors import CorpusError
from glossbench.files import reading, replacing
from glossbench.settings.model import SPLITS

CLASS_NAMES = b"class_names"
COLUMNS = {"doc_id": pa.string(), "text": pa.string(), "text_pair": pa.string(), "label": pa.int64()}


def prepare(
    kind: str, splitting: str | dict, manifest: str | Path, layout: dict | None = None
) -> tuple[dict[str, pd.DataFrame], list[str]]:
    """Read a corpus and split it.

    Args:
        kind: ``kind`` of the registry's entry.
        splitting: ``splitting`` of the registry's entry. "paper" takes the published validation documents, "given" the
            splits as the corpus has them. A mapping holds out ``fraction`` of the training documents, drawn with
            ``seed``; where the corpus has no published test split, ``test_fraction`` of all documents before that.
        manifest: The manifest of the fetched files.
        layout: As in ``reading.read_documents``.

    Returns:
        Frames by "train", "val" and "test", with doc_id, text, text_pair (only where documents are pairs) and label,
        documents in the order of the source; and the class names, of which label is an index. Class names are sorted,
        by number where all are whole numbers.

    Raises:
        FetchError: A file is missing or has changed since it was fetched.
        CorpusError: The files do not fit together or the splitting, a split is empty, or there is only one class.
    """
    files = listed_files(manifest, verify=True)
    documents = read_documents(kind, files, layout)
    names = documents["class_name"].unique()
    numbers = all(re.fullmatch(r"-?\d+", name) for name in names)
    class_names = sorted(names, key=lambda name: (int(name), name) if numbers else name)
    if len(class_names) < 2:
        raise CorpusError(f"{manifest}: all documents are of the class {class_names[0]!r}, expected two or more")
    documents["label"] = documents["class_name"].map({name: i for i, name in enumerate(class_names)}).astype("int64")
    splits = {}
    for split, rows in _assign_splits(documents, splitting, files).items():
        if not len(rows):
            raise CorpusError(f"{manifest}: no {split} documents, expected some; see the corpus's `splitting:`")
        columns = [column for column in COLUMNS if column in documents]
        splits[split] = documents.iloc[rows][columns].reset_index(drop=True)
    return splits, class_names


def contents(documents: pd.DataFrame) -> pd.Series:
    """What two documents must share to be copies of each other: the text, or the pair of texts."""
    if "text_pair" not in documents:
        return documents["text"]
    pairs = zip(documents["text"], documents["text_pair"], strict=True)
    return pd.Series(list(pairs), index=documents.index, dtype="object")


def _assign_splits(documents: pd.DataFrame, splitting: str | dict, files: dict[str, Path]) -> dict[str, np.ndarray]:
    """Row numbers of the documents by split, sorted: published ones ("paper", "given"), or drawn as a mapping says."""
    published = documents["split"].to_numpy()
    if splitting == "given":
        return {split: np.flatnonzero(published == split) for split in SPLITS}
    if n_val := int((published == "val").sum()):
        raise CorpusError(
            f"splitting: the corpus has {n_val} validation documents of its own; write `splitting: given`"
        )
    if (published == "").all():
        if splitting == "paper" or "test_fraction" not in splitting:
            raise CorpusError("splitting: a corpus without a published test split needs `test_fraction`")
        train, test = _hold_out(documents, splitting["test_fraction"], splitting["seed"])
    else:
        train, test = np.flatnonzero(published == "train"), np.flatnonzero(published == "test")
    if splitting == "paper":
        held_out = read_validation(files, len(train))
        kept = np.setdiff1d(np.arange(len(train)), held_out)
    else:
        kept, held_out = _hold_out(documents.iloc[train], splitting["fraction"], splitting["seed"])
    return {"train": train[kept], "val": train[held_out], "test": test}


def _hold_out(documents: pd.DataFrame, fraction: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Row numbers kept and held out. Copies of a text stay together, so that no text is both learned and tested."""
    text, _ = pd.factorize(contents(documents))  # (N,) number of each document's text, by first occurrence
    first = ~contents(documents).duplicated().to_numpy()
    _, held_out = stratified_split(documents["label"].to_numpy()[first], fraction, seed)
    is_held_out = np.isin(text, held_out)
    return np.flatnonzero(~is_held_out), np.flatnonzero(is_held_out)


def write_split(frame: pd.DataFrame, class_names: list[str], path: str | Path) -> None:
    """Write one split as Parquet, with the class names in the file's metadata; equal input gives equal bytes."""
    kinds = {column: kind for column, kind in COLUMNS.items() if column in frame}
    schema = pa.schema(kinds, metadata={CLASS_NAMES: json.dumps(class_names)})
    with replacing(path) as temporary:
        pq.write_table(pa.Table.from_pandas(frame, schema, preserve_index=False), temporary, compression="zstd")


def read_split(path: str | Path) -> tuple[pd.DataFrame, list[str]]:
    """Read what ``write_split`` wrote: a frame with doc_id, text, label (and text_pair for pairs), and class names."""
    with reading(path):
        table = pq.read_table(path)
        return table.to_pandas(), json.loads(table.schema.metadata[CLASS_NAMES])
