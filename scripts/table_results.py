"""The table of results as csv, md and tex."""

import pandas as pd
from glossbench.evidence.rendering import write_table
from glossbench.evidence.tables.results import layout, tidy
from glossbench.logs import job_log

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        table = tidy(pd.read_parquet(snakemake.input[0]))
        write_table(table, layout(table), snakemake.params.caption, **snakemake.output)
