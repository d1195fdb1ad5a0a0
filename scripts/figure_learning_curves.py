"""The learning curves as png and pdf, and the points that are drawn as csv."""

from pathlib import Path

import pandas as pd
from glossbench.evidence.figures.learning_curves import draw, frame
from glossbench.evidence.figures.style import save
from glossbench.evidence.rendering import to_csv
from glossbench.logs import job_log

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        points = frame(pd.read_parquet(snakemake.input[0]))
        save(draw(points), Path(snakemake.output.png).with_suffix(""))
        Path(snakemake.output.csv).write_text(to_csv(points), encoding="utf-8")
