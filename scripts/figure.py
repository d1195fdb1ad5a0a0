"""Make a figure as png and pdf, its data as csv, and its caption for these runs as txt."""

import json
from pathlib import Path

from glossbench.evidence.build import Evidence
from glossbench.evidence.figures.style import save
from glossbench.job.logs import job_log
from glossbench.provenance import PUBLISHED

if __name__ == "__main__":
    with job_log(snakemake):
        params = snakemake.params
        frames, names = dict(snakemake.input.items()), json.loads(params.names)
        evidence = Evidence.read(frames, PUBLISHED, names, numerics=params.numerics)
        texts, figure = evidence.figure(json.loads(params.output), params.caption)
        for ending, text in texts.items():
            Path(snakemake.output[ending]).write_text(text, encoding="utf-8")
        save(figure, Path(snakemake.output.png).with_suffix(""))
