"""The outputs of a run that has finished, kept as hard links beside its checkpoint.

Before Snakemake reruns a job it deletes all outputs of the job. What had finished from the same settings, code and
inputs comes back instead of being made again: other seeds of a job, a run whose inputs only have newer time stamps, and
on a cluster the training where a submission, which evaluates too, was cut off between the two.
"""

import logging
import os
from pathlib import Path

from glossbench.checksums import add_checksums, refuse_changed, write_checksums
from glossbench.errors import GlossbenchError

log = logging.getLogger(__name__)
FOLDER, KEY = "finished", "key"
CHECKPOINT = "checkpoint.safetensors"  # beside the folder, while the run trains


def keep(folder: Path, key: str, output: dict[str, str]) -> None:
    """Keep links to a run's outputs. The key is written last; without hard links nothing is kept.

    Args:
        folder: Where they are kept, on the same disk as the outputs.
        key: Digest of all that defines the run (settings, code, inputs); files with another key are not used.
        output: Path of each output by its name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    try:
        for name, path in output.items():
            os.link(path, folder / name)
    except OSError as error:
        text = "%s: cannot make hard links (%s); if the job is run again, so is this run"
        log.info(text, folder, error.strerror)
        return
    write_checksums(folder, output)  # a link does not tell a damaged output from a whole one
    (folder / KEY).write_text(key)


def restore(folder: Path, key: str, output: dict[str, str]) -> bool:
    """Link what ``keep`` kept to the paths of the outputs; False if not all are kept, whole and with this key."""
    if not all((folder / name).is_file() for name in (KEY, *output)) or (folder / KEY).read_text() != key:
        return False
    try:
        refuse_changed(folder / name for name in output)
    except GlossbenchError as error:
        log.warning("the kept outputs are not used: %s", error)
        return False
    for name, path in output.items():
        Path(path).unlink(missing_ok=True)
        os.link(folder / name, path)
        os.utime(path)  # Snakemake must take the output for a new one
    add_checksums(output.values())
    return True
