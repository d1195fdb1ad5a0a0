"""A fetched corpus becomes three files of documents: train, val and test."""

import json
import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from glossbench.data.manifest import listed_files
from glossbench.data.reading import read_documents, read_validation
from glossbench.data.splitting import stratified_split
from glossbench.errors import CorpusError
from glossbench.job.atomic import replacing

PARTS = ("train", "val", "test")
CLASS_NAMES = b"class_names"
COLUMNS = {"doc_id": pa.string(), "text": pa.string(), "text_pair": pa.string(), "label": pa.int64()}


def prepare(
    kind: str, split: str | dict, manifest: str | Path, layout: dict | None = None
) -> tuple[dict[str, pd.DataFrame], list[str]]:
    """Read a corpus and split it: ({"train", "val", "test"} -> frame, class names).

    kind, split: of the registry's entry; layout: as ``reading.read_documents`` takes it. Frames have doc_id, text,
    text_pair (only where documents are pairs) and label (index into the class names, which are sorted, by number
    where all are whole numbers), documents in the order of the source. Raises FetchError for a file that is missing
    or has changed, CorpusError for files that do not fit together.
    """
    files = listed_files(manifest, verify=True)
    documents = read_documents(kind, files, layout)
    class_names = _sorted_classes(documents["class_name"].unique())
    if len(class_names) < 2:
        raise CorpusError(f"{manifest}: all documents are of the class {class_names[0]!r}, expected two or more")
    label_of = {name: label for label, name in enumerate(class_names)}
    documents["label"] = documents["class_name"].map(label_of).astype("int64")
    parts = {}
    for name, rows in assign_parts(documents, split, files).items():
        if not len(rows):
            raise CorpusError(f"{manifest}: no {name} documents, expected some; see the corpus's `split:`")
        columns = [column for column in COLUMNS if column in documents]
        parts[name] = documents.iloc[rows][columns].reset_index(drop=True)
    return parts, class_names


def contents(documents: pd.DataFrame) -> pd.Series:
    """What tells documents apart: the text, or the pair of texts."""
    if "text_pair" not in documents:
        return documents["text"]
    pairs = zip(documents["text"], documents["text_pair"], strict=True)
    return pd.Series(list(pairs), index=documents.index, dtype="object")


def _sorted_classes(names: Iterable[str]) -> list[str]:
    numbers = all(re.fullmatch(r"-?\d+", name) for name in names)
    return sorted(names, key=lambda name: (int(name), name) if numbers else name)


def assign_parts(documents: pd.DataFrame, split: str | dict, files: dict[str, Path]) -> dict[str, np.ndarray]:
    """Row numbers of the documents of each part, sorted.

    split: "paper" takes the published validation ids, "given" the parts as the corpus has them; otherwise {"fraction",
    "seed"} holds out that share of the training documents, after {"test_fraction"} of all where the corpus has no
    published test part.
    """
    published = documents["part"].to_numpy()
    if split == "given":
        return {part: np.flatnonzero(published == part) for part in PARTS}
    if n_val := int((published == "val").sum()):
        raise CorpusError(f"split: the corpus has {n_val} validation documents of its own; write `split: given`")
    if (published == "").all():
        if split == "paper" or "test_fraction" not in split:
            raise CorpusError("split: a corpus without a published test part needs `test_fraction`")
        train, test = _hold_out(documents, split["test_fraction"], split["seed"])
    else:
        train, test = np.flatnonzero(published == "train"), np.flatnonzero(published == "test")
    if split == "paper":
        held = read_validation(files, len(train))
        kept = np.setdiff1d(np.arange(len(train)), held)
    else:
        kept, held = _hold_out(documents.iloc[train], split["fraction"], split["seed"])
    return {"train": train[kept], "val": train[held], "test": test}


def _hold_out(documents: pd.DataFrame, fraction: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Stratified split of distinct texts; copies go along, lest a text be both learned and judged."""
    text, _ = pd.factorize(contents(documents))  # (N,) number of each document's text, by first occurrence
    first = ~contents(documents).duplicated().to_numpy()
    _, held = stratified_split(documents["label"].to_numpy()[first], fraction, seed)
    is_held = np.isin(text, held)
    return np.flatnonzero(~is_held), np.flatnonzero(is_held)


def write_part(frame: pd.DataFrame, class_names: list[str], path: str | Path) -> None:
    """Write one part as Parquet; the class names go into the file's metadata. Same input, same bytes."""
    kinds = [(column, kind) for column, kind in COLUMNS.items() if column in frame]
    schema = pa.schema(kinds, metadata={CLASS_NAMES: json.dumps(class_names)})
    table = pa.Table.from_pandas(frame, schema, preserve_index=False)
    with replacing(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")


def read_part(path: str | Path) -> tuple[pd.DataFrame, list[str]]:
    """Read what ``write_part`` wrote: (frame with doc_id, text, label, and text_pair for pairs; class names)."""
    table = pq.read_table(path)
    return table.to_pandas(), json.loads(table.schema.metadata[CLASS_NAMES])
