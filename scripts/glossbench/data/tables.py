"""Corpora that are tables: CSV, JSON Lines and Parquet files with one row per document."""

import csv
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

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
        return value.strip()

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
        return str(value).strip()

    def split(self) -> str:
        name = self.name("split")
        if name.lower() not in SPLIT_OF:
            raise self._error("split", f"unknown split {name!r}, expected one of {SPLIT_NAMES}")
        return SPLIT_OF[name.lower()]

    def _error(self, role: str, message: str) -> CorpusError:
        return CorpusError(f"{self.path}, row {self.number}, column {self.columns[role]!r}: {message}")


def _csv_rows(path: Path, wanted: list[str]) -> Iterator[dict[str, Any]]:
    csv.field_size_limit(sys.maxsize)  # documents may be longer than the default of 128 KiB
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            lines = csv.reader(stream, strict=True)
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
    except UnicodeDecodeError as error:
        raise CorpusError(f"{path}: not UTF-8 ({error.reason} at byte {error.start}); save it as UTF-8") from error


def _jsonl_rows(path: Path, wanted: list[str]) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(path.read_bytes().removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
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
    import pyarrow as pa
    import pyarrow.parquet as pq
    from datasets import ClassLabel, Dataset

    try:
        table = pq.read_table(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise CorpusError(f"{path}: not a Parquet file ({' '.join(str(error).split())[:200]})") from error
    _check_columns(path, table.column_names, wanted)
    documents = Dataset(table.select(list(dict.fromkeys(wanted))))
    # class labels are numbers whose names are in the file's metadata; -1 means no label
    coded = {name: kind.names for name, kind in documents.features.items() if isinstance(kind, ClassLabel)}
    for number, row in enumerate(documents, start=1):
        for column, names in coded.items():
            code = row[column]
            if code is not None and not 0 <= code < len(names):
                raise CorpusError(f"{path}, row {number}, column {column!r}: label {code}, a document without a class")
            row[column] = None if code is None else names[code]
        yield row


_ROWS = {"csv": _csv_rows, "jsonl": _jsonl_rows, "parquet": _parquet_rows}


def _check_columns(place: object, found: list[str], wanted: list[str]) -> None:
    for column in wanted:
        if column not in found:
            known = ", ".join(map(str, found)) or "none"
            raise CorpusError(f"{place}: no column {column!r}{nearest(column, found)}; columns: {known}")
        if found.count(column) > 1:
            raise CorpusError(f"{place}: {found.count(column)} columns {column!r}, expected one")
