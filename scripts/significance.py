"""Test the differences between objectives: all pairs as csv; pairs, ranks and needed seeds as json."""

import json
from pathlib import Path

from glossbench.evidence.build import Evidence
from glossbench.job.logs import job_log
from glossbench.provenance import PUBLISHED

if __name__ == "__main__":
    with job_log(snakemake):
        evidence = Evidence.read(dict(snakemake.input.items()), PUBLISHED, json.loads(snakemake.params.names))
        for ending, text in evidence.significance().items():
            Path(snakemake.output[ending]).write_text(text, encoding="utf-8")
