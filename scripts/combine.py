"""Combine the frames of several studies into those of one."""

import pandas as pd
from glossbench.frames import write_frame
from glossbench.job.logs import job_log
from glossbench.learning.combining import combine

if __name__ == "__main__":
    with job_log(snakemake):
        for name, path in snakemake.output.items():
            write_frame(name, combine(name, map(pd.read_parquet, snakemake.input[name])), path)
