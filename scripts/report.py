"""The report of a study on one page, and where its results come from as json."""

import hashlib
import json
from pathlib import Path

import pandas as pd
from glossbench.evidence.report import Picture, render_report
from glossbench.logs import job_log
from glossbench.provenance import describe

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        given, params = snakemake.input, snakemake.params
        settings, captions = json.loads(params.settings), json.loads(params.captions)
        digest = hashlib.sha256(params.settings.encode()).hexdigest()
        provenance = {**describe(Path(snakemake.scriptdir).parent), "settings": digest}
        files = {Path(path).stem: Path(path).read_bytes() for path in given.figures}
        pictures = [Picture(key, png, captions[key]) for key, png in files.items()]
        frames = pd.read_parquet(given.corpora), pd.read_parquet(given.runs)
        page = render_report(settings, provenance, *frames, pictures, captions)
        Path(snakemake.output.page).write_text(page, encoding="utf-8")
        text = json.dumps({"study": settings["study"], **provenance}, indent=2, ensure_ascii=False)
        Path(snakemake.output.provenance).write_text(text + "\n", encoding="utf-8")
