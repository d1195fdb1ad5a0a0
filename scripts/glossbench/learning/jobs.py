"""A training job: the seeds of one cell, each resumed where it was, or brought back where it is finished."""

import json
import logging
from pathlib import Path

from glossbench.errors import TrainingError
from glossbench.learning.checkpoints import Checkpoint, exclusive, run_key
from glossbench.learning.kept_runs import Finished
from glossbench.learning.run_files import write_run
from glossbench.learning.runs import RunFiles, run

log = logging.getLogger(__name__)


def output_by_seed(output: dict[str, str | list[str]]) -> dict[int, dict[str, str]]:
    """A job's outputs, each one path or a path a seed, as files by seed; the seed is the path's folder, seed-{seed}."""
    by_seed: dict[int, dict[str, str]] = {}
    for name, paths in output.items():
        for path in [paths] if isinstance(paths, str) else paths:
            seed = int(Path(path).parent.name.removeprefix("seed-"))
            by_seed.setdefault(seed, {})[name] = path
    return by_seed


def train_seeds(
    settings: str, code: str, given: dict[str, str], outputs: dict[int, dict[str, str]], state: str
) -> None:
    """Train each seed; one that fails does not keep the others from being trained.

    settings: canonical JSON of a run's settings but for its seed. code: digest. given: a rule's named inputs.
    outputs: files by seed. state: the cell's folder for what outlives a kill. Raises TrainingError with every
    failed seed's line.
    """
    failures = []
    for seed, output in outputs.items():
        key = run_key(f"{settings} {seed}", code, [Path(path) for path in given.values()])
        folder = Path(state) / f"seed-{seed}"
        checkpoint, finished = Checkpoint(folder / "checkpoint.safetensors", key), Finished(folder / "finished", key)
        with exclusive(folder):
            if len(outputs) > 1 and finished.restore(output):
                log.info("seed %d is finished already", seed)
                continue
            try:
                result = run({**json.loads(settings), "seed": seed}, RunFiles.of(given), checkpoint)
            except TrainingError as error:
                failures.append(str(error))
                continue
            write_run(result, output)
            finished.keep(output)
            checkpoint.remove()
        log.info("done: %s", result.timing)
    if failures:
        raise TrainingError("; ".join(failures))
