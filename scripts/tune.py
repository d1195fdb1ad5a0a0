"""Tune the settings of an objective for one corpus and one encoder."""

from glossbench.job.logs import job_log
from glossbench.learning.tuning.search import search

if __name__ == "__main__":
    with job_log(snakemake):
        params = snakemake.params
        given, output = dict(snakemake.input.items()), dict(snakemake.output.items())
        search(params.settings, params.code, given, output, params.state)
