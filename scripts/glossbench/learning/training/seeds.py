"""A training job: the seeds of one corpus, encoder and objective, each resumed from its checkpoint."""

import logging
from collections import defaultdict
from pathlib import Path

from glossbench.errors import TrainingError
from glossbench.job.finished import CHECKPOINT, FOLDER, keep, restore
from glossbench.job.locks import exclusive
from glossbench.job.termination import uninterrupted
from glossbench.learning.training.checkpoints import Checkpoint, run_key
from glossbench.learning.training.inputs import RunInputs
from glossbench.learning.training.run import run
from glossbench.learning.training.writing import write_run
from glossbench.provenance import commit, origin
from glossbench.settings.jobs import RunSettings

log = logging.getLogger(__name__)


def train_seeds(
    settings: str, code: str, given: dict[str, str], output: dict[str, str | list[str]], state: str
) -> None:
    """Train each seed. If one fails, the others are still trained.

    Args:
        settings: Canonical JSON of a run's settings without its seed.
        code: Digest of the code.
        given: Named inputs of the rule.
        output: By name, a path or a list with one path per seed. The folder of a path is named seed-{seed}.
        state: Folder for what survives a kill, with one folder per seed.

    Raises:
        TrainingError: With the message of every seed that failed.
    """
    outputs: dict[str, dict[str, str]] = defaultdict(dict)
    for name, paths in output.items():
        for path in [paths] if isinstance(paths, str) else paths:
            outputs[Path(path).parent.name][name] = path
    failures, of_seeds = [], RunSettings.from_json(settings)
    for name, files in outputs.items():
        seed, folder = int(name.removeprefix("seed-")), Path(state) / name
        key = run_key(f"{settings} {seed}", code, given.values())
        checkpoint, kept = Checkpoint(folder / CHECKPOINT, key), folder / FOLDER
        with exclusive(folder):
            if restore(kept, key, files):
                log.info("seed %d is finished already", seed)
                continue
            try:
                result = run(of_seeds.model_copy(update={"seed": seed}), RunInputs.of(given), checkpoint)
            except TrainingError as error:
                failures.append(str(error))
                continue
            result.timing.update(origin=origin(settings, code), commit=commit())
            with uninterrupted():
                write_run(result, files)
                keep(kept, key, files)
                checkpoint.remove()
        log.info("done: %s", result.timing)
    if failures:
        raise TrainingError("; ".join(failures))
