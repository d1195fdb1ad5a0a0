"""The report of a study on one page, and where its results come from as json."""

import hashlib
import json
from pathlib import Path

import pandas as pd
from glossbench.evidence.report.page import machines, render_report, shown_exhibits
from glossbench.evidence.text.json_text import to_json
from glossbench.job.logs import job_log
from glossbench.provenance import describe

if __name__ == "__main__":
    with job_log(snakemake):
        given, params, output = snakemake.input, snakemake.params, snakemake.output
        settings = json.loads(params.settings)
        frames = {name: pd.read_parquet(given[name]) for name in ("runs", "corpora", "coverage")}
        provenance = {
            **describe(Path(snakemake.scriptdir).parent),
            "settings": hashlib.sha256(params.settings.encode()).hexdigest(),
            "runs": machines(frames["runs"]),
        }
        exhibits = shown_exhibits(json.loads(params.exhibits), [*given.tables, *given.figures])
        claims = json.loads(Path(given.claims).read_text(encoding="utf-8"))
        page = render_report(settings, provenance, exhibits, claims, **frames)
        Path(output.page).write_text(page, encoding="utf-8")
        Path(output.provenance).write_text(to_json({"study": settings["study"], **provenance}), encoding="utf-8")
