"""A table of the evidence as csv, md, tex, and html for the report."""

import importlib
import json
from pathlib import Path

from glossbench.evidence.doorway import frames_of, with_notes
from glossbench.evidence.text.rendering import to_html, write_table
from glossbench.job.logs import job_log

if __name__ == "__main__":
    with job_log(snakemake):
        exhibit, output = json.loads(snakemake.params.exhibit), snakemake.output
        module = importlib.import_module(f"glossbench.evidence.tables.{exhibit['key']}")
        frames, coverage = frames_of(
            dict(snakemake.input.items()),
            exhibit.get("published"),
            Path(snakemake.scriptdir).parent / "config/published",
        )
        table = module.tidy(**frames)
        layout = with_notes(module.layout(table), module, coverage)
        write_table(table, layout, exhibit["caption"], csv=output.csv, md=output.md, tex=output.tex)
        Path(output.html).write_text(to_html(layout), encoding="utf-8")
