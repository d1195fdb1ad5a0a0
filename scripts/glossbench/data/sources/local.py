"""Files of the user's own, copied: what a study reads does not change under its feet."""

import shutil
from pathlib import Path

from glossbench.data.sources.encoder_files import check_encoder, lacking, wanted_files
from glossbench.data.sources.records import install
from glossbench.errors import FetchError

STAGE = ".partial"


def fetch_table(path: str, folder: Path) -> list[str]:
    """Copy a corpus's own file into ``folder`` as data with its suffix; returns that name.

    path: relative to the working directory. Raises FetchError where there is no such file.
    """
    source = Path(path).expanduser()
    if not source.is_file():
        raise FetchError(f"{path}: no such file (looked in {Path.cwd()}); correct `path:` in the corpus's entry")
    name = f"data{source.suffix}"
    return _installed({name: source}, folder, path)


def fetch_folder(path: str, folder: Path, facts: dict[str, int]) -> list[str]:
    """Copy the files of an encoder's own folder into ``folder`` and return their names.

    path: relative to the working directory. facts: as in ``encoders.check_encoder``. Raises FetchError where the
    folder is missing or is no encoder's.
    """
    source = Path(path).expanduser()
    if not source.is_dir():
        raise FetchError(f"{path}: no such folder (looked in {Path.cwd()}); correct `path:` in the encoder's entry")
    names = [item.name for item in source.iterdir() if item.is_file()]
    if missing := lacking(names):
        raise FetchError(f"{path}: {missing}; correct `path:` in the encoder's entry")
    check_encoder(source, facts, path)
    return _installed({name: source / name for name in wanted_files(names)}, folder, path)


def _installed(sources: dict[str, Path], folder: Path, path: str) -> list[str]:
    staged = folder / STAGE
    shutil.rmtree(staged, ignore_errors=True)  # of a job that was killed
    staged.mkdir(parents=True)
    try:
        for name, source in sources.items():
            shutil.copyfile(source, staged / name)
        return install(sources, staged, folder, {"path": path})
    finally:
        shutil.rmtree(staged, ignore_errors=True)
