"""The paper's claims with a verdict each, as json and as a page."""

import json
from pathlib import Path

import pandas as pd
from glossbench.evidence.claims.judging import judge
from glossbench.evidence.claims.page import to_page
from glossbench.evidence.paper.published import published_runs
from glossbench.evidence.text.json_text import to_json
from glossbench.job.logs import job_log

if __name__ == "__main__":
    with job_log(snakemake):
        given, params = snakemake.input, snakemake.params
        frames = {name: pd.read_parquet(given[name]) for name in ("runs", "epochs", "trials") if name in given.keys()}
        verdicts = judge(
            json.loads(params.claims),
            **frames,
            published=published_runs(Path(snakemake.scriptdir).parent / "config/published"),
        )
        Path(snakemake.output.json).write_text(to_json(verdicts), encoding="utf-8")
        Path(snakemake.output.md).write_text(to_page(verdicts), encoding="utf-8")
