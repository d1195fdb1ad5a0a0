"""Put what all runs and all corpora say into three frames."""

import json

from glossbench.learning.collecting import collect_corpora, collect_epochs, collect_runs
from glossbench.logs import job_log

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        given, output = snakemake.input, snakemake.output
        study = json.loads(snakemake.params.settings)["study"]
        collect_runs(study, given.metrics, given.timing).to_parquet(output.runs, index=False)
        collect_epochs(given.metrics, given.epochs, given.timing_epochs).to_parquet(output.epochs, index=False)
        collect_corpora(given.cards).to_parquet(output.corpora, index=False)
