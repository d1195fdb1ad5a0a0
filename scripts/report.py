"""Make the report of a study as one HTML page, and its provenance as json."""

import json
from pathlib import Path

from glossbench.evidence.build import REPORTED, Evidence
from glossbench.evidence.report.page import shown_outputs
from glossbench.job.logs import job_log
from glossbench.provenance import PUBLISHED, ROOT, describe, input_digests

if __name__ == "__main__":
    with job_log(snakemake):
        given, params = snakemake.input, snakemake.params
        frames = {name: given[name] for name in REPORTED}
        evidence = Evidence.read(frames, PUBLISHED, json.loads(params.names))
        source_lists = {name: Path(path) for name, path in json.loads(params.source_lists).items()}
        provenance = {**describe(ROOT), **input_digests(params.settings, params.claims, source_lists)}
        shown = shown_outputs(json.loads(params.outputs), [*given.tables, *given.figures])
        claims = Path(given.claims).read_text(encoding="utf-8")
        texts = evidence.report(json.loads(params.settings), provenance, shown, claims)
        Path(snakemake.output.page).write_text(texts["html"], encoding="utf-8")
        Path(snakemake.output.provenance).write_text(texts["json"], encoding="utf-8")
