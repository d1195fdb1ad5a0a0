"""Fine-tune an encoder on one corpus with one objective, for one or several seeds."""

from glossbench.job.logs import job_log
from glossbench.learning.training.seeds import train_seeds

if __name__ == "__main__":
    with job_log(snakemake):
        params = snakemake.params
        given, output = dict(snakemake.input.items()), dict(snakemake.output.items())
        train_seeds(params.settings, params.code, given, output, params.state)
