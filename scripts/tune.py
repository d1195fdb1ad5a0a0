"""Tune the settings of an objective for one corpus and one encoder."""

from pathlib import Path

import yaml
from glossbench.checksums import add_checksums
from glossbench.job.locks import exclusive
from glossbench.job.logs import job_log
from glossbench.learning.training.checkpoints import run_key
from glossbench.learning.training.inputs import RunInputs
from glossbench.learning.tuning.tune import best_found, run_finals, trials_frame, tune, tuning_key
from glossbench.provenance import origin
from glossbench.settings.jobs import TuneSettings

if __name__ == "__main__":
    with job_log(snakemake) as log:
        given, output = dict(snakemake.input.items()), snakemake.output
        settings = TuneSettings.from_json(snakemake.params.settings)
        key = run_key(tuning_key(settings), snakemake.params.code, given.values())
        state = Path(snakemake.params.state)
        with exclusive(state):
            inputs = RunInputs.of(given)
            study = tune(settings, inputs, state / "journal.log", key)
            finalists = run_finals(study, settings, inputs, state / "finals.log", key)
            trials = trials_frame(study, settings.objective.search, finalists)
            trials.drop(columns="seconds").to_csv(output.trials, index=False)
            trials[["trial", "seconds"]].to_csv(output.timing, index=False)
            run_origin = origin(snakemake.params.settings, snakemake.params.code)
            found = best_found(settings, trials) | {"origin": {**run_origin, "given": settings.model_dump(mode="json")}}
            Path(output.best).write_text(yaml.safe_dump(found, sort_keys=True), encoding="utf-8")
            add_checksums([output.best, output.trials, output.timing])
        log.info("done: %d trials", len(trials))
