"""A finished run's files once more, as hard links outside the declared outputs.

Snakemake deletes all outputs of a job that it runs again, those of the seeds that are finished too.
"""

import logging
import os
from pathlib import Path

log = logging.getLogger(__name__)
KEY = "key"


class Finished:
    """The kept files of one run.

    Args:
        folder: where they lie, on the outputs' disk.
        key: digest of all that defines the run (settings, code, inputs); files kept under another one are not used.
    """

    def __init__(self, folder: Path, key: str):
        self.folder, self.key = folder, key

    def keep(self, output: dict[str, str]) -> None:
        """Link a run's outputs here; the key is written last. Where the disk knows no hard links nothing is kept."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for stale in self.folder.iterdir():
            stale.unlink()
        try:
            for name, path in output.items():
                os.link(path, self.folder / name)
        except OSError as error:
            log.info("%s: no links here (%s); this run is trained again should its job be", self.folder, error.strerror)
            return
        (self.folder / KEY).write_text(self.key)

    def restore(self, output: dict[str, str]) -> bool:
        """Link the kept files back to where the outputs belong; False where none fit."""
        key = self.folder / KEY
        if not key.is_file() or key.read_text() != self.key:
            return False
        if not all((self.folder / name).is_file() for name in output):
            return False
        for name, path in output.items():
            Path(path).unlink(missing_ok=True)
            os.link(self.folder / name, path)
            os.utime(path)  # made now, as far as Snakemake is concerned
        return True
