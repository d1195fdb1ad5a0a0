"""The maps of test embeddings as png and pdf."""

from pathlib import Path

import pandas as pd
from glossbench.evidence.figures.projections import draw, frame
from glossbench.evidence.figures.style import save
from glossbench.logs import job_log

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        points = frame(pd.read_parquet(snakemake.input[0]))
        save(draw(points), Path(snakemake.output.png).with_suffix(""))
