"""Collect the results of runs, searches and corpora into frames."""

import json

from glossbench.frames import write_frame
from glossbench.job.logs import job_log
from glossbench.learning.collecting import collect, refuse_other_settings

if __name__ == "__main__":
    with job_log(snakemake):
        frames = collect(**json.loads(snakemake.params.settings), files=dict(snakemake.input.items()))
        refuse_other_settings(frames["runs"], json.loads(snakemake.params.made_from))
        for name, path in snakemake.output.items():
            write_frame(name, frames[name], path)
