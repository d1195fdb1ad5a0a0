"""Corpora that are tables: CSV, JSON Lines and Parquet files with one row per document."""

import bz2
import csv
import gzip
import io
import json
import lzma
import re
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from glossbench.errors import CorpusError, brief, nearest

# Columns of the frame by the role that the registry gives a column of the file; cells are checked in this order.
ROLES = {"id": "doc_id", "text": "text", "text_pair": "text_pair", "label": "class_name", "split": "split"}
SPLIT_OF = {"train": "train", "training": "train", "test": "test"} | dict.fromkeys(
    ("val", "valid", "validation", "dev"), "val"
)
LONE_SURROGATE = re.compile("[\ud800-\udfff]")
COMPRESSED = {b"\x1f\x8b": gzip.decompress, b"BZh": bz2.decompress, b"\xfd7zXZ\0": lzma.decompress}
ARCHIVES = (b"PK\x03\x04", b"\x28\xb5\x2f\xfd")  # zip, Excel's files among them, and zstd


def read_table(kind: str, path: Path, columns: dict[str, str], split: str = "") -> pd.DataFrame:
    """Read the documents of one file.

    Args:
        kind: "csv", "jsonl" or "parquet".
        path: The file.
        columns: Name in the file of each of text and label and, where there are such columns, text_pair, split and id.
        split: The split of the documents, where no column gives it.

    Returns:
        One row per document, in the order of the file: doc_id (from the id column, else the row's number, from 1),
        text and text_pair (without white space at their ends; text_pair only where there is such a column), class_name
        and split.

    Raises:
        CorpusError: The file is not of this kind, or a cell has no usable value; the message names file, row and
            column. Rows are counted from 1, without the header.
    """
    documents = []
    for number, row in enumerate(ROWS[kind](path, list(columns.values())), start=1):
        document = {"doc_id": str(number), "split": split}
        for role in (role for role in ROLES if role in columns):
            try:
                document[ROLES[role]] = _cell(role, row[columns[role]])
            except ValueError as error:
                raise CorpusError(f"{path}, row {number}, column {columns[role]!r}: {error}") from None
        documents.append(document)
    names = [name for role, name in ROLES.items() if role != "text_pair" or role in columns]
    return pd.DataFrame(documents, columns=names, dtype="object")


def _cell(role: str, value: Any) -> str:
    """A text without white space at its ends; a class, split or id may also be a whole number."""
    if role in ("text", "text_pair"):
        if not isinstance(value, str):
            raise ValueError(f"{value!r} found, expected text")
    elif value is None or (isinstance(value, str) and not value.strip()) or value != value:
        raise ValueError("empty, expected text or a whole number")
    elif isinstance(value, bool):
        value = str(value).lower()
    elif isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        value = str(int(value))
    elif not isinstance(value, str):
        raise ValueError(f"{str(value)[:80]!r} found, expected text or a whole number")
    if lone := LONE_SURROGATE.search(value):  # half of a surrogate pair, as JSON may hold
        half = f"half a character (\\u{ord(lone.group()):x})"
        raise ValueError(f"{half} found, expected text; write it whole or leave it out")
    value = value.strip()
    if role == "split" and value.lower() not in SPLIT_OF:
        raise ValueError(
            f"unknown split {value!r}, expected one of train (or training), val (or validation, valid, dev), test"
        )
    return SPLIT_OF[value.lower()] if role == "split" else value


def _content(path: Path) -> bytes:
    """The bytes of a file, unpacked where it is compressed."""
    content = path.read_bytes()
    for magic, unpack in COMPRESSED.items():
        if content.startswith(magic):
            try:
                return unpack(content)
            except (OSError, EOFError, ValueError, lzma.LZMAError, zlib.error) as error:
                raise CorpusError(f"{path}: a damaged compressed file ({error}); compress it again") from error
    if content.startswith(ARCHIVES):
        raise CorpusError(f"{path}: an archive or compressed with zstd; unpack it, or compress the table with gzip")
    return content


def _csv_rows(path: Path, wanted: list[str]) -> Iterator[dict[str, Any]]:
    csv.field_size_limit(sys.maxsize)  # documents may be longer than the default of 128 KiB
    try:
        text = _content(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CorpusError(f"{path}: not UTF-8 ({error.reason} at byte {error.start}); save it as UTF-8") from error
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next(lines, [])
        _check_columns(path, header, wanted)
        for number, line in enumerate(filter(None, lines), start=1):
            if len(line) != len(header):
                raise CorpusError(
                    f"{path}, row {number}: {len(line)} cells (up to line {lines.line_num}), expected "
                    f"{len(header)} as in the header; put a text with commas between quotes"
                )
            yield dict(zip(header, line, strict=True))
    except csv.Error as error:
        raise CorpusError(f"{path}, line {lines.line_num}: not CSV ({error})") from error


def _jsonl_rows(path: Path, wanted: list[str]) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(_content(path).removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line.decode("utf-8"))
        except ValueError as error:
            raise CorpusError(f"{path}, line {number}: not JSON in UTF-8 ({' '.join(str(error).split())})") from error
        if not isinstance(row, dict):
            raise CorpusError(f"{path}, line {number}: {type(row).__name__} found, expected an object {{...}}")
        _check_columns(f"{path}, line {number}", list(row), wanted)
        yield row


def _parquet_rows(path: Path, wanted: list[str]) -> Iterator[dict[str, Any]]:
    try:
        table = pq.read_table(path)
        table.validate(full=True)  # texts in UTF-8 too
    except (pa.ArrowInvalid, OSError) as error:
        raise CorpusError(f"{path}: not a Parquet file ({brief(error)})") from error
    _check_columns(path, table.column_names, wanted)
    table = table.select(list(dict.fromkeys(wanted)))
    # names of classes are read without the package datasets, which refuses metadata that name a type of a newer one
    try:
        features = json.loads((table.schema.metadata or {}).get(b"huggingface", b"{}"))["info"]["features"]
        kinds = {column: features[column] for column in table.column_names if column in features}
        names = {column: list(kind["names"]) for column, kind in kinds.items() if kind.get("_type") == "ClassLabel"}
    except (ValueError, KeyError, TypeError, AttributeError):
        names = {}
    for number, row in enumerate((row for batch in table.to_batches() for row in batch.to_pylist()), start=1):
        for column, code in ((column, row[column]) for column in names if isinstance(row[column], int)):
            if not 0 <= code < len(names[column]):
                raise CorpusError(f"{path}, row {number}, column {column!r}: label {code}, a document without a class")
            row[column] = names[column][code]
        yield row


ROWS = {"csv": _csv_rows, "jsonl": _jsonl_rows, "parquet": _parquet_rows}


def _check_columns(place: object, found: list[str], wanted: list[str]) -> None:
    for column in wanted:
        if column not in found:
            known = ", ".join(map(str, found)) or "none"
            raise CorpusError(f"{place}: no column {column!r}{nearest(column, found)}; columns: {known}")
        if found.count(column) > 1:
            raise CorpusError(f"{place}: {found.count(column)} columns {column!r}, expected one")
