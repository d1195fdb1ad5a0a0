"""A figure of the evidence as png and pdf, what it draws as csv, and its caption as it stands on these runs."""

import importlib
import json
from pathlib import Path

from glossbench.evidence.doorway import caption, frames_of
from glossbench.evidence.figures.style import save
from glossbench.evidence.text.rendering import to_csv
from glossbench.job.logs import job_log

if __name__ == "__main__":
    with job_log(snakemake):
        exhibit, output = json.loads(snakemake.params.exhibit), snakemake.output
        module = importlib.import_module(f"glossbench.evidence.figures.{exhibit['key']}")
        frames, coverage = frames_of(
            dict(snakemake.input.items()),
            exhibit.get("published"),
            Path(snakemake.scriptdir).parent / "config/published",
        )
        drawn = module.frame(**frames)
        save(module.draw(drawn), Path(output.png).with_suffix(""))
        Path(output.csv).write_text(to_csv(drawn), encoding="utf-8")
        Path(output.caption).write_text(caption(exhibit["caption"], module, coverage) + "\n", encoding="utf-8")
