"""Make a table as csv, md, tex, and html for the report."""

import json
from pathlib import Path

from glossbench.evidence.build import Evidence
from glossbench.job.logs import job_log
from glossbench.provenance import PUBLISHED

if __name__ == "__main__":
    with job_log(snakemake):
        params = snakemake.params
        frames, names = dict(snakemake.input.items()), json.loads(params.names)
        evidence = Evidence.read(frames, PUBLISHED, names, numerics=params.numerics)
        for ending, text in evidence.table(json.loads(params.output), params.caption).items():
            Path(snakemake.output[ending]).write_text(text, encoding="utf-8")
