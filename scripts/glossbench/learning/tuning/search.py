"""A search from start to files: trials, the best of them trained with more seeds, the choice."""

import logging
from pathlib import Path

import yaml

from glossbench.checksums import add_checksums
from glossbench.job.locks import exclusive
from glossbench.learning.training.checkpoints import run_key
from glossbench.learning.training.inputs import RunInputs
from glossbench.learning.tuning.trials import best_found, run_finals, trials_frame, tune, tuning_key
from glossbench.provenance import origin
from glossbench.settings.jobs import TuneSettings

log = logging.getLogger(__name__)


def search(settings: str, code: str, given: dict[str, str], output: dict[str, str], state: str) -> None:
    """Search the settings of an objective for one corpus and one encoder, going on where an attempt was cut off.

    Args:
        settings: A ``TuneSettings`` as canonical JSON, the rule's param.
        code: Digest of the code.
        given: Paths of the inputs by name, as in rules/learning.smk.
        output: Paths of best (YAML), trials and trial_seconds (CSV).
        state: Folder of the journal.
    """
    parsed, folder = TuneSettings.from_json(settings), Path(state)
    key = run_key(tuning_key(parsed), code, given.values())
    with exclusive(folder):
        inputs = RunInputs.of(given)
        study = tune(parsed, inputs, folder / "journal.log", key)
        finalists = run_finals(study, parsed, inputs, folder / "finals.log", key)
        trials = trials_frame(study, parsed.objective.search, finalists)
        trials.drop(columns="seconds").to_csv(output["trials"], index=False)
        trials[["trial", "seconds"]].to_csv(output["trial_seconds"], index=False)
        made_from = {**origin(settings, code), "given": parsed.model_dump(mode="json")}
        found = best_found(parsed, trials) | {"origin": made_from}
        Path(output["best"]).write_text(yaml.safe_dump(found, sort_keys=True), encoding="utf-8")
        add_checksums(output.values())
    log.info("done: %d trials", len(trials))
