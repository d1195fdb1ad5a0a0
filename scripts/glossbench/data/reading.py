"""Readers of each kind of corpus: its files become one frame of documents."""

import codecs
import io
import re
from pathlib import Path

import numpy as np
import pandas as pd

from glossbench.data.entries import split_files
from glossbench.data.tables import read_table
from glossbench.errors import CorpusError

COLUMNS = ["doc_id", "text", "class_name", "split"]
SPLIT = re.compile(r"(?:^|-)(?:(train)(?:ing)?|(test))$")


def read_documents(kind: str, files: dict[str, Path], layout: dict | None = None) -> pd.DataFrame:
    """Read a corpus.

    Args:
        kind: ``kind`` of the registry's entry.
        files: Path by name, as ``checksums.listed_files`` gives them.
        layout: For tables only: their "columns" and, on the hub, their "splits" (files by split).

    Returns:
        One row per document, in the order of the files: doc_id (unique, the source's own), text (without white space
        at its ends), text_pair (likewise, only where documents are pairs of texts), class_name, and split ("train",
        "val" or "test" as published, "" where the corpus has no published test split).

    Raises:
        CorpusError: The files cannot be read as this kind, or do not fit together.
    """
    layout = layout or {}
    documents = READERS[kind](files, **layout) if kind in READERS else read_table(kind, _role(files, "data"), **layout)
    if documents.empty:
        raise CorpusError(f"{_folder(files)}: no documents in it; expected at least one of each split")
    if len(twice := documents["doc_id"][documents["doc_id"].duplicated()]):
        raise CorpusError(f"{_folder(files)}: document id {twice.iloc[0]!r} occurs twice, expected unique ids")
    return documents


def read_validation(files: dict[str, Path], n_train: int) -> np.ndarray:
    """Read the published validation documents from the first column of a CSV file with a header line.

    Returns:
        Positions among the ``n_train`` training documents in file order, validation documents included, sorted, int64.

    Raises:
        CorpusError: The file is missing or no CSV file, or a value is no position or occurs twice.
    """
    path = _role(files, "validation")
    try:
        positions = pd.read_csv(path, usecols=[0]).iloc[:, 0]
    except ValueError as error:  # pandas' own errors and UnicodeDecodeError are of this kind
        raise CorpusError(f"{path}: not a CSV file ({' '.join(str(error).split())})") from error
    if not pd.api.types.is_integer_dtype(positions):
        raise CorpusError(f"{path}: the first column holds {positions.dtype}, expected positions (integers)")
    if len(outside := positions[~positions.between(0, n_train - 1)]):
        raise CorpusError(f"{path}: position {outside.iloc[0]}, expected 0 to {n_train - 1} (training documents)")
    if len(twice := positions[positions.duplicated()]):
        raise CorpusError(f"{path}: position {twice.iloc[0]} stands there twice")
    return np.sort(positions.to_numpy(np.int64))


def read_textgcn(files: dict[str, Path]) -> pd.DataFrame:
    r"""Read two files with one line per document: ``labels`` (id, tab, split, tab, class) and ``texts``.

    Only ``\n`` ends a line: in 20NG, bare ``\r`` and other control characters occur inside documents, where
    ``str.splitlines`` and text mode would break them.

    In the paper's corpora, no line with bytes beyond ASCII is UTF-8, so all such lines are Latin-1, as the literature
    reads them. 81 documents of MR were written in Windows-1252: their dashes, dots and quotes become control
    characters, which BERT's tokenizer drops.
    """
    label_path, text_path = _role(files, "labels"), _role(files, "texts")
    # stripped as bytes: str.strip would also remove 0x85 and 0xA0, which are characters here
    labels, texts = (
        [_decoded(line.strip()) for line in io.BytesIO(_content(path))] for path in (label_path, text_path)
    )
    if len(labels) != len(texts):
        raise CorpusError(
            f"{text_path}: {len(texts)} documents, but {len(labels)} labels in {label_path}; expected as many"
        )
    rows = []
    for number, (label, text) in enumerate(zip(labels, texts, strict=True), start=1):
        place, fields = f"{label_path}, line {number}", label.split("\t")
        if len(fields) != 3 or not all(field and field.isprintable() for field in fields):
            raise CorpusError(f"{place}: {label[:100]!r}, expected id, split and class between tabs")
        doc_id, split, class_name = fields
        if not (known := SPLIT.search(split)):
            raise CorpusError(f"{place}: unknown split {split!r}, expected one that ends in train or test")
        rows.append((doc_id, text, class_name, known[1] or known[2]))
    return pd.DataFrame(rows, columns=COLUMNS, dtype="object")


def read_folders(files: dict[str, Path]) -> pd.DataFrame:
    """Read one folder per class with one file per document, ``<class>/<name>.txt``; there are no published splits.

    One document of BBC News is Latin-1 (its pound signs are single bytes), all others are UTF-8.
    """
    rows = []
    for name, path in sorted(files.items()):
        class_name, _, rest = name.partition("/")
        if not rest:
            raise CorpusError(f"{path}: a file beside the class folders, expected <class>/<name>.txt")
        rows.append((name, _decoded(_content(path)).strip(), class_name, ""))
    return pd.DataFrame(rows, columns=COLUMNS, dtype="object")


def read_hub_dataset(files: dict[str, Path], columns: dict[str, str], splits: dict) -> pd.DataFrame:
    """Read the Parquet files of each split of a data set on the hub.

    Ids are unique only within a split, so doc_id is the split, a hyphen and the id.
    """
    frames = []
    for split, names in split_files(splits).items():
        documents = pd.concat([read_table("parquet", files[name], columns, split) for name in names], ignore_index=True)
        if "id" not in columns:
            documents["doc_id"] = [str(number) for number in range(1, len(documents) + 1)]
        documents["doc_id"] = f"{split}-" + documents["doc_id"]
        frames.append(documents)
    return pd.concat(frames, ignore_index=True)


READERS = {"textgcn": read_textgcn, "wheel-folders": read_folders, "hub-dataset": read_hub_dataset}


def _content(path: Path) -> bytes:
    content = path.read_bytes()
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise CorpusError(f"{path}: text in UTF-16, expected UTF-8 or Latin-1")
    return content.removeprefix(codecs.BOM_UTF8)


def _decoded(content: bytes) -> str:
    """A document's text: UTF-8 where it is valid UTF-8, else Latin-1."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _role(files: dict[str, Path], role: str) -> Path:
    for name, path in files.items():
        if Path(name).stem == role:
            return path
    raise CorpusError(f"{_folder(files)}: no {role} file, expected `files: {role}:` in the corpus's entry")


def _folder(files: dict[str, Path]) -> str:
    return str(next(iter(files.values())).parent) if files else "corpus"
