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

from glossbench.errors import CorpusError, nearest

SPLIT_OF = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "dev": "val",
    "test": "test",
}
LONE_SURROGATE = re.compile("[\ud800-\udfff]")
COMPRESSED = {b"\x1f\x8b": gzip.decompress, b"BZh": bz2.decompress, b"\xfd7zXZ\0": lzma.decompress}
ARCHIVES = (b"PK\x03\x04", b"\x28\xb5\x2f\xfd")  # zip, Excel's files among them, and zstd
SPLIT_NAMES = "train, val (or validation, valid, dev), test"


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
    rows = []
    for number, row in enumerate(_ROWS[kind](path, list(columns.values())), start=1):
        cell = _Cell(path, number, row, columns)
        rows.append(
            {
                "doc_id": cell.name("id") if "id" in columns else str(number),
                "text": cell.text("text"),
                **({"text_pair": cell.text("text_pair")} if "text_pair" in columns else {}),
                "class_name": cell.name("label"),
                "split": cell.split() if "split" in columns else split,
            }
        )
    names = ["doc_id", "text", *(["text_pair"] if "text_pair" in columns else []), "class_name", "split"]
    return pd.DataFrame(rows, columns=names, dtype="object")


class _Cell:
    """The cells of one document by role; an error about a cell names its file, row and column."""

    def __init__(self, path: Path, number: int, row: dict[str, Any], columns: dict[str, str]):
        self.path, self.number, self.row, self.columns = path, number, row, columns

    def text(self, role: str) -> str:
        value = self.row[self.columns[role]]
        if not isinstance(value, str):
            raise self._error(role, f"{value!r} found, expected text")
        return self._written(role, value)

    def name(self, role: str) -> str:
        """A class, split or id: text, or a whole number, as text."""
        value = self.row[self.columns[role]]
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if value is None or (isinstance(value, str) and not value.strip()) or value != value:
            raise self._error(role, "empty, expected text or a whole number")
        if isinstance(value, bool):
            return str(value).lower()
        if not isinstance(value, str | int):
            raise self._error(role, f"{str(value)[:80]!r} found, expected text or a whole number")
        return self._written(role, str(value))

    def _written(self, role: str, value: str) -> str:
        """The text without white space at its ends; half of a surrogate pair, as JSON may hold, is refused."""
        if lone := LONE_SURROGATE.search(value):
            half = f"half a character (\\u{ord(lone.group()):x})"
            raise self._error(role, f"{half} found, expected text; write it whole or leave it out")
        return value.strip()

    def split(self) -> str:
        name = self.name("split")
        if name.lower() not in SPLIT_OF:
            raise self._error("split", f"unknown split {name!r}, expected one of {SPLIT_NAMES}")
        return SPLIT_OF[name.lower()]

    def _error(self, role: str, message: str) -> CorpusError:
        return CorpusError(f"{self.path}, row {self.number}, column {self.columns[role]!r}: {message}")


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
        for number, line in enumerate((line for line in lines if line), start=1):
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
    wanted = list(dict.fromkeys(wanted))
    try:
        table = pq.read_table(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise CorpusError(f"{path}: not a Parquet file ({' '.join(str(error).split())[:200]})") from error
    _check_columns(path, table.column_names, wanted)
    table = table.select(wanted)
    class_names = _class_names(table.schema)
    for number, row in enumerate((row for batch in table.to_batches() for row in batch.to_pylist()), start=1):
        for column, names in class_names.items():
            code = row.get(column)
            if code is not None and not 0 <= code < len(names):
                raise CorpusError(f"{path}, row {number}, column {column!r}: label {code}, a document without a class")
            row[column] = None if code is None else names[code]
        yield row


def _class_names(schema: pa.Schema) -> dict[str, list[str]]:
    """Names of the classes by column, where the metadata of the package datasets says that its numbers are classes.

    Read without that package, which refuses metadata that name a type of a newer one, even of another column.
    """
    try:
        features = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))["info"]["features"]
        kinds = {column: features[column] for column in schema.names if column in features}
        return {column: list(kind["names"]) for column, kind in kinds.items() if kind.get("_type") == "ClassLabel"}
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}


_ROWS = {"csv": _csv_rows, "jsonl": _jsonl_rows, "parquet": _parquet_rows}


def _check_columns(place: object, found: list[str], wanted: list[str]) -> None:
    for column in wanted:
        if column not in found:
            known = ", ".join(map(str, found)) or "none"
            raise CorpusError(f"{place}: no column {column!r}{nearest(column, found)}; columns: {known}")
        if found.count(column) > 1:
            raise CorpusError(f"{place}: {found.count(column)} columns {column!r}, expected one")
