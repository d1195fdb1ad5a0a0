"""Make the report of a study as one HTML page, and its provenance as json."""

import json
from pathlib import Path

from glossbench.evidence.build import REPORTED, Evidence
from glossbench.evidence.report.page import shown_outputs
from glossbench.job.logs import job_log
from glossbench.provenance import ROOT, describe, made_from

if __name__ == "__main__":
    with job_log(snakemake):
        given, params, root = snakemake.input, snakemake.params, ROOT
        frames = {name: given[name] for name in REPORTED}
        evidence = Evidence.read(frames, root / "config/published", json.loads(params.names))
        records = {name: Path(path) for name, path in json.loads(params.records).items()}
        provenance = {**describe(root), **made_from(params.settings, params.claims, records)}
        shown = shown_outputs(json.loads(params.outputs), [*given.tables, *given.figures])
        claims = Path(given.claims).read_text(encoding="utf-8")
        texts = evidence.report(json.loads(params.settings), provenance, shown, claims)
        Path(snakemake.output.page).write_text(texts["html"], encoding="utf-8")
        Path(snakemake.output.provenance).write_text(texts["json"], encoding="utf-8")
