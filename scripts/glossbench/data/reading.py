"""The files of each kind of corpus, read into one frame of documents."""

import codecs
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from glossbench.data.entries import part_files
from glossbench.data.tables import read_table
from glossbench.errors import CorpusError

TRAIN = re.compile(r"(^|-)(train|training)$")
TEST = re.compile(r"(^|-)test$")


def read_documents(kind: str, files: dict[str, Path], layout: dict | None = None) -> pd.DataFrame:
    """Read a corpus: one row a document, in the order of its files.

    files: name -> path, as ``manifest.listed_files`` gives them. layout: of tables alone, their "columns" and, on the
    hub, their "parts" (files by part). Columns: doc_id (unique, the source's own), text (ends stripped), text_pair
    (likewise, only where documents are pairs of texts), class_name, part ("train", "val" or "test" as published, ""
    where the corpus has no published test part). Raises CorpusError.
    """
    documents = READERS[kind](files, **(layout or {}))
    if documents.empty:
        raise CorpusError(f"{_folder(files)}: no documents in it; expected at least one of each part")
    if not documents["doc_id"].is_unique:
        twice = documents.loc[documents["doc_id"].duplicated(), "doc_id"].iloc[0]
        raise CorpusError(f"{_folder(files)}: document id {twice!r} occurs twice, expected unique ids")
    return documents


def read_validation(files: dict[str, Path], n_train: int) -> np.ndarray:
    """Published validation part: positions among the training documents in file order, sorted, int64.

    The first column of a CSV file with a header line. Raises CorpusError where one is not a position among
    ``n_train`` documents or stands there twice.
    """
    path = _role(files, "validation")
    try:
        positions = pd.read_csv(path, usecols=[0]).iloc[:, 0]
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError, ValueError) as error:
        raise CorpusError(f"{path}: not a CSV file ({' '.join(str(error).split())})") from error
    if not pd.api.types.is_integer_dtype(positions):
        raise CorpusError(f"{path}: the first column holds {positions.dtype}, expected positions (integers)")
    outside = positions[(positions < 0) | (positions >= n_train)]
    if len(outside):
        raise CorpusError(f"{path}: position {outside.iloc[0]}, expected 0 to {n_train - 1} (training documents)")
    if not positions.is_unique:
        raise CorpusError(f"{path}: position {positions[positions.duplicated()].iloc[0]} stands there twice")
    return np.sort(positions.to_numpy(np.int64))


def read_textgcn(files: dict[str, Path]) -> pd.DataFrame:
    r"""Two files with a line per document: ``labels`` (id, tab, part, tab, class) and ``texts``.

    Lines end at ``\n`` alone: 20NG has bare ``\r`` and other control characters inside documents, at which
    ``str.splitlines`` and text mode would break them.

    No line of the paper's corpora with more than ASCII is UTF-8, so all are Latin-1, as the literature reads them; 81
    documents of MR are really Windows-1252 (dashes, dots and quotes come out as control characters, which BERT's
    tokenizer drops).
    """
    label_path, text_path = _role(files, "labels"), _role(files, "texts")
    labels, texts = _lines(label_path), _lines(text_path)
    if len(labels) != len(texts):
        raise CorpusError(
            f"{text_path}: {len(texts)} documents, but {len(labels)} labels in {label_path}; expected as many"
        )
    rows = []
    for number, (label, text) in enumerate(zip(labels, texts, strict=True), start=1):
        fields = label.split("\t")
        if len(fields) != 3 or not all(field and field.isprintable() for field in fields):
            raise CorpusError(f"{label_path}, line {number}: {label[:100]!r}, expected id, part and class between tabs")
        doc_id, part, class_name = fields
        rows.append((doc_id, text, class_name, _part(part, label_path, number)))
    return _frame(rows)


def read_folders(files: dict[str, Path]) -> pd.DataFrame:
    """One folder a class, one file a document: ``<class>/<name>.txt``; no published parts.

    One document of BBC News is not UTF-8 (its pound signs are single bytes), and as Latin-1 it reads right.
    """
    rows = []
    for name, path in sorted(files.items()):
        class_name, _, rest = name.partition("/")
        if not rest:
            raise CorpusError(f"{path}: a file beside the class folders, expected <class>/<name>.txt")
        rows.append((name, _decoded(_content(path)).strip(), class_name, ""))
    return _frame(rows)


def read_hub_dataset(files: dict[str, Path], columns: dict[str, str], parts: dict) -> pd.DataFrame:
    """Parquet files of a data set on the hub, by part; ids, unique within a part alone, get the part's name."""
    frames = []
    for part, names in part_files(parts).items():
        documents = pd.concat([read_table("parquet", files[name], columns, part) for name in names], ignore_index=True)
        if "id" not in columns:
            documents["doc_id"] = [str(number) for number in range(1, len(documents) + 1)]
        documents["doc_id"] = f"{part}-" + documents["doc_id"]
        frames.append(documents)
    return pd.concat(frames, ignore_index=True)


def _single_table(kind: str) -> Callable[..., pd.DataFrame]:
    def read(files: dict[str, Path], columns: dict[str, str]) -> pd.DataFrame:
        return read_table(kind, _role(files, "data"), columns)

    return read


READERS = {
    "textgcn": read_textgcn,
    "wheel-folders": read_folders,
    "hub-dataset": read_hub_dataset,
    **{kind: _single_table(kind) for kind in ("csv", "jsonl", "parquet")},
}


def _lines(path: Path) -> list[str]:
    pieces = _content(path).split(b"\n")
    if not pieces[-1]:
        pieces.pop()  # the file ends with a line end
    # stripped as bytes: as Latin-1 text, strip would also take 0x85 and 0xA0, which are characters here
    return [_decoded(piece.strip()) for piece in pieces]


def _content(path: Path) -> bytes:
    content = path.read_bytes()
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise CorpusError(f"{path}: text in UTF-16, expected UTF-8 or Latin-1")
    return content.removeprefix(codecs.BOM_UTF8)


def _decoded(content: bytes) -> str:
    """A document's text: UTF-8, or Latin-1 where it is not."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _part(name: str, path: Path, number: int) -> str:
    if TRAIN.search(name):
        return "train"
    if TEST.search(name):
        return "test"
    raise CorpusError(f"{path}, line {number}: unknown part {name!r}, expected one that ends in train or test")


def _frame(rows: list[tuple]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["doc_id", "text", "class_name", "part"], dtype="object")


def _role(files: dict[str, Path], role: str) -> Path:
    for name, path in files.items():
        if Path(name).stem == role:
            return path
    raise CorpusError(f"{_folder(files)}: no {role} file, expected `files: {role}:` in the corpus's entry")


def _folder(files: dict[str, Path]) -> str:
    return str(next(iter(files.values())).parent) if files else "corpus"
