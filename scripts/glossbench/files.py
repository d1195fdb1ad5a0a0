"""Files that are written whole or not at all, and errors that name the file that cannot be read."""

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from glossbench.errors import GlossbenchError, brief


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path in the folder of ``path``; rename it to ``path`` when the body succeeds.

    Its permissions are those that the user's umask gives; safetensors and tempfile would let nobody else read it.
    """
    temporary = Path(path).with_name(f".{Path(path).name}.{os.getpid()}.part")
    try:
        yield temporary
        if temporary.is_file():
            mask = os.umask(0)
            os.umask(mask)
            temporary.chmod(0o666 & ~mask)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def existing(path: str | Path, folder: bool = False) -> Path | None:
    """A path with its ~ replaced; None where it is no file, or no ``folder``, or nobody may look there."""
    try:
        path = Path(path).expanduser()
        return path if (path.is_dir() if folder else path.is_file()) else None
    except (OSError, RuntimeError):  # a folder that nobody may look into, too long a name; ~ and no user of this name
        return None


def write_json(path: str | Path, value: Any) -> None:
    """Write a value as JSON with sorted keys, an indent of two spaces and a final newline."""
    text = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    with replacing(path) as partial:
        partial.write_text(text + "\n", encoding="utf-8")


def read_json(path: str | Path) -> Any:
    """The content of a JSON file."""
    return json.loads(Path(path).read_text(encoding="utf-8"))


@contextmanager
def reading(path: str | Path) -> Iterator[None]:
    """Raise GlossbenchError, which names the file of this workflow, where the body cannot read it: libraries do not."""
    try:
        yield
    except GlossbenchError:
        raise
    except Exception as error:  # each library has its own kinds
        reason = f"{type(error).__name__}: {brief(error)}"
        raise GlossbenchError(f"{path}: damaged or missing ({reason}); delete it and run again") from error


def read_made(path: str | Path) -> Any:
    """The content of a JSON file of this workflow; see ``reading``."""
    with reading(path):
        return read_json(path)


def refuse_unreadable(paths: Iterable[str | Path]) -> None:
    """Raise GlossbenchError if one of some files is JSON, npz or Parquet by its name and not by its content."""
    for path in map(Path, paths):
        with reading(path):
            if path.suffix == ".json":
                read_json(path)
            if path.suffix == ".parquet":
                from pyarrow.parquet import read_table  # slow to import, and hardly ever needed here

                read_table(path)
            if path.suffix == ".npz":
                with ZipFile(path) as arrays:
                    if name := arrays.testzip():
                        raise BadZipFile(f"the checksum of {name} is wrong")
