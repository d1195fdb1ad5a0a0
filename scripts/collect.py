"""Put what all runs, searches and corpora say into frames."""

import json

from glossbench.errors import CorpusError
from glossbench.job.logs import job_log
from glossbench.learning.collecting import (
    collect_corpora,
    collect_epochs,
    collect_runs,
    collect_snapshots,
    collect_trials,
    coverage,
)

if __name__ == "__main__":
    with job_log(snakemake):
        settings, output = json.loads(snakemake.params.settings), snakemake.output
        given = settings["files"] or dict(snakemake.input.items())
        study = settings["study"]
        if not given["metrics"]:
            raise CorpusError(f"results/{study}: no run has finished yet")
        runs = collect_runs(study, given["metrics"], given["timing"])
        frames = {
            "runs": runs,
            "epochs": collect_epochs(given["metrics"], given["timing"]),
            "corpora": collect_corpora(given["cards"]),
            "coverage": coverage(runs, settings["unfinished"]),
        }
        if "trials" in output.keys():
            frames["trials"] = collect_trials(study, given["best"], given["trials"], given["trial_seconds"])
        if "snapshots" in output.keys():
            frames["snapshots"] = collect_snapshots(given["watched"], given["snapshots"], given["cards"])
        for name, frame in frames.items():
            frame.to_parquet(output[name], index=False)
