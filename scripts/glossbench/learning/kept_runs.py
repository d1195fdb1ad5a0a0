"""The files of a run that has ended, kept as hard links outside the declared outputs.

Before Snakemake reruns a job it deletes all outputs of the job, including those of seeds that had already ended.
"""

import logging
import os
from pathlib import Path

log = logging.getLogger(__name__)
KEY = "key"


class KeptRun:
    """The kept files of one run.

    Args:
        folder: where they are kept, on the same disk as the outputs.
        key: digest of all that defines the run (settings, code, inputs); files with another key are not used.
    """

    def __init__(self, folder: Path, key: str):
        self.folder, self.key = folder, key

    def keep(self, output: dict[str, str]) -> None:
        """Keep links to a run's outputs. The key is written last; without hard links nothing is kept.

        Args:
            output: path of each output by its name.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        for old in self.folder.iterdir():
            old.unlink()
        try:
            for name, path in output.items():
                os.link(path, self.folder / name)
        except OSError as error:
            log.info(
                "%s: cannot make hard links (%s); if the job is run again, so is this run", self.folder, error.strerror
            )
            return
        (self.folder / KEY).write_text(self.key)

    def restore(self, output: dict[str, str]) -> bool:
        """Link the kept files to the paths of the outputs.

        Args:
            output: path of each output by its name.

        Returns:
            True if it did, False if no files with this key are kept.
        """
        key = self.folder / KEY
        if not key.is_file() or key.read_text() != self.key:
            return False
        if not all((self.folder / name).is_file() for name in output):
            return False
        for name, path in output.items():
            Path(path).unlink(missing_ok=True)
            os.link(self.folder / name, path)
            os.utime(path)  # Snakemake must take the output for a new one
        return True
