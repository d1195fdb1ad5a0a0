"""Make the report of a study as one HTML page, and its provenance as json."""

import hashlib
import json
from pathlib import Path

from glossbench.evidence.build import REPORTED, Evidence
from glossbench.evidence.report.page import shown_outputs
from glossbench.files import sha256
from glossbench.job.logs import job_log
from glossbench.provenance import SCRIPTS, describe

if __name__ == "__main__":
    with job_log(snakemake):
        given, params, root = snakemake.input, snakemake.params, SCRIPTS.parent
        evidence = Evidence.read(dict(given.items()), root / "config/published", json.loads(params.names), REPORTED)
        records = {name: Path(path) for name, path in json.loads(params.records).items()}
        provenance = {
            **describe(root),
            **{name: hashlib.sha256(params[name].encode()).hexdigest() for name in ("settings", "claims")},
            "inputs": {name: sha256(path) for name, path in sorted(records.items()) if path.is_file()},
        }
        shown = shown_outputs(json.loads(params.outputs), [*given.tables, *given.figures])
        claims = Path(given.claims).read_text(encoding="utf-8")
        texts = evidence.report(json.loads(params.settings), provenance, shown, claims)
        Path(snakemake.output.page).write_text(texts["html"], encoding="utf-8")
        Path(snakemake.output.provenance).write_text(texts["json"], encoding="utf-8")
