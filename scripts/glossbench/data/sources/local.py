"""Local files of the user, copied, so that what a study reads does not change while it runs."""

import shutil
from pathlib import Path

from glossbench.data.sources.encoder_files import check_encoder, missing_files, wanted_files
from glossbench.data.sources.records import install
from glossbench.errors import FetchError

STAGE = ".partial"


def fetch_table(path: str, folder: Path) -> list[str]:
    """Copy the local table of a corpus into a folder.

    Args:
        path: The file, relative to the working directory.
        folder: Where it goes; the caller holds its lock.

    Returns:
        The copy's name, "data" with the suffix of the file.

    Raises:
        FetchError: There is no such file.
    """
    source = Path(path).expanduser()
    if not source.is_file():
        raise FetchError(f"{path}: no such file (looked in {Path.cwd()}); correct `path:` in the corpus's entry")
    name = f"data{source.suffix}"
    return _copy({name: source}, folder, path)


def fetch_folder(path: str, folder: Path, facts: dict[str, int]) -> list[str]:
    """Copy the files of an encoder's local folder.

    Args:
        path: The encoder's folder, relative to the working directory.
        folder: Where the files go; the caller holds its lock.
        facts: As in ``encoder_files.check_encoder``.

    Returns:
        Names of the files, sorted.

    Raises:
        FetchError: The encoder's folder or one of its files is missing, or a file cannot be used.
    """
    source = Path(path).expanduser()
    if not source.is_dir():
        raise FetchError(f"{path}: no such folder (looked in {Path.cwd()}); correct `path:` in the encoder's entry")
    names = [item.name for item in source.iterdir() if item.is_file()]
    if missing := missing_files(names):
        raise FetchError(f"{path}: {missing}; correct `path:` in the encoder's entry")
    check_encoder(source, facts, path)
    return _copy({name: source / name for name in wanted_files(names)}, folder, path)


def _copy(sources: dict[str, Path], folder: Path, path: str) -> list[str]:
    staged = folder / STAGE
    shutil.rmtree(staged, ignore_errors=True)  # of a killed job
    staged.mkdir(parents=True)
    try:
        for name, source in sources.items():
            shutil.copyfile(source, staged / name)
        return install(sources, staged, folder, {"path": path})
    finally:
        shutil.rmtree(staged, ignore_errors=True)
