"""Classify the documents of a corpus without fine-tuning an encoder."""

import json
import logging

from glossbench.job.logs import job_log
from glossbench.learning.floors.runs import run_floor

if __name__ == "__main__":
    with job_log(snakemake):
        logging.getLogger("transformers").setLevel(logging.ERROR)
        settings = {**json.loads(snakemake.params.settings), "seed": int(snakemake.wildcards.seed)}
        run_floor(settings, dict(snakemake.input.items()), dict(snakemake.output.items()))
