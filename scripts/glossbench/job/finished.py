"""The outputs of a run that has finished, kept as hard links beside its checkpoint.

Before Snakemake reruns a job it deletes all outputs of the job. What had finished from the same settings, code and
inputs comes back instead of being made again: other seeds of a job, a run whose inputs only have newer time stamps, and
on a cluster the training where a submission, which evaluates too, was cut off between the two.
"""

import logging
import os
from pathlib import Path
from typing import Any

from glossbench.checksums import add_checksums, refuse_changed, write_checksums
from glossbench.errors import GlossbenchError
from glossbench.files import read_json
from glossbench.provenance import origin

log = logging.getLogger(__name__)
FOLDER, KEY = "finished", "key"


def keep(folder: Path, key: str, output: dict[str, str]) -> None:
    """Keep links to a run's outputs. The key is written last; without hard links nothing is kept.

    Args:
        folder: where they are kept, on the same disk as the outputs.
        key: digest of all that defines the run (settings, code, inputs); files with another key are not used.
        output: path of each output by its name.
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
    """Link what ``keep`` kept to the paths of the outputs. Returns False if no files with this key are kept."""
    return (folder / KEY).is_file() and (folder / KEY).read_text() == key and _linked(folder, output)


def give_back(job: Any) -> bool:
    """Link the kept outputs of a job of one run (its ``snakemake`` object) to their places, on a node of a cluster.

    They are given back only if they were made from the same settings, by the same code, after all inputs.

    Returns:
        True if it did; there is nothing left to do.
    """
    state, outputs = dict(job.params.items()).get("state"), dict(job.output.items())
    if "SLURM_JOB_ID" not in os.environ or state is None or not isinstance(outputs.get("timing"), str):
        return False
    kept = Path(state, Path(outputs["timing"]).parent.name, FOLDER)
    if not all((kept / name).is_file() for name in (KEY, "timing")):
        return False
    if read_json(kept / "timing").get("origin") != origin(job.params.settings, job.params.code):
        return False
    made = (kept / KEY).stat().st_mtime_ns
    files = [file for path in map(Path, job.input) for file in (path, *path.rglob("*"))]
    return all(file.stat().st_mtime_ns <= made for file in files) and _linked(kept, outputs)


def _linked(kept: Path, output: dict[str, str]) -> bool:
    """Link the kept files to the paths of the outputs, by name. Returns False where one is not kept, or damaged."""
    if not all((kept / name).is_file() for name in output):
        return False
    try:
        refuse_changed(kept / name for name in output)
    except GlossbenchError as error:
        log.warning("the kept outputs are not used: %s", error)
        return False
    for name, path in output.items():
        Path(path).unlink(missing_ok=True)
        os.link(kept / name, path)
        os.utime(path)  # Snakemake must take the output for a new one
    add_checksums(output.values())
    return True
