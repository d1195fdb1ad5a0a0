"""Fine-tune an encoder on one corpus with one objective, for one or several seeds."""

import logging

from glossbench.job.logs import job_log
from glossbench.learning.training.jobs import output_by_seed, train_seeds

if __name__ == "__main__":
    with job_log(snakemake):
        logging.getLogger("transformers").setLevel(logging.ERROR)
        params = snakemake.params
        outputs = output_by_seed(dict(snakemake.output.items()))
        train_seeds(params.settings, params.code, dict(snakemake.input.items()), outputs, params.state)
