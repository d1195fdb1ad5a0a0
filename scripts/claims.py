"""Judge each claim, the paper's and our own; write the verdicts as json and as a Markdown page."""

import json
from pathlib import Path

from glossbench.evidence.build import Evidence
from glossbench.job.logs import job_log
from glossbench.provenance import PUBLISHED
from glossbench.settings.claims import claims_of

if __name__ == "__main__":
    with job_log(snakemake):
        params = snakemake.params
        evidence = Evidence.read(dict(snakemake.input.items()), PUBLISHED, json.loads(params.names))
        for ending, text in evidence.claims(claims_of(params.claims)).items():
            Path(snakemake.output[ending]).write_text(text, encoding="utf-8")
