"""Gives back the outputs of a run that had finished in a submission that failed after it.

Training and evaluation are one submission to a cluster. Where it is cut off between the two, Snakemake deletes the
outputs of both. Those of the training are still there as links (glossbench.learning.kept_runs), in the folder for what
survives a kill.
"""

import json
import os
from pathlib import Path
from typing import Any

from glossbench.job.origin import origin

FOLDER, KEY = "finished", "key"  # as glossbench.learning.jobs has them


def give_back(job: Any) -> bool:
    """Link the kept outputs of a job of one run to their places, on a node of a cluster.

    They are given back only if they were made from the same settings, by the same code, after all inputs.

    Args:
        job: The ``snakemake`` object of a script.

    Returns:
        True if it did; there is nothing left to do.
    """
    state, outputs = dict(job.params.items()).get("state"), dict(job.output.items())
    if "SLURM_JOB_ID" not in os.environ or state is None or not isinstance(outputs.get("timing"), str):
        return False
    kept = Path(state) / Path(outputs["timing"]).parent.name / FOLDER
    if not all((kept / name).is_file() for name in (KEY, *outputs)):
        return False
    made_from = json.loads((kept / "timing").read_text(encoding="utf-8")).get("origin")
    if made_from != origin(job.params.settings, job.params.code):
        return False
    if any(newer(Path(path), (kept / KEY).stat().st_mtime_ns) for path in job.input):
        return False
    for name, path in outputs.items():
        Path(path).unlink(missing_ok=True)
        os.link(kept / name, path)
        os.utime(path)  # Snakemake must take the output for a new one
    return True


def newer(path: Path, time: int) -> bool:
    """Whether a file, or any file of a folder, was changed after a time in nanoseconds."""
    return any(file.stat().st_mtime_ns > time for file in ([path, *path.rglob("*")] if path.is_dir() else [path]))
