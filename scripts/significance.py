"""Every test between objectives: all pairs as csv; pairs, ranks and the seeds needed as json."""

from pathlib import Path

import pandas as pd
from glossbench.evidence.paper.published import published_results
from glossbench.evidence.statistics.significance import pair_tests, rank_tests, seeds_for_published
from glossbench.evidence.text.json_text import to_json
from glossbench.evidence.text.rendering import to_csv
from glossbench.job.logs import job_log

if __name__ == "__main__":
    with job_log(snakemake):
        runs = pd.read_parquet(snakemake.input.runs)
        pairs = pair_tests(runs)
        needed = seeds_for_published(pairs, published_results(Path(snakemake.scriptdir).parent / "config/published"))
        found = {"pairs": pairs, "friedman": rank_tests(runs), "seeds_needed": needed}
        Path(snakemake.output.csv).write_text(to_csv(pairs), encoding="utf-8")
        Path(snakemake.output.json).write_text(to_json(found), encoding="utf-8")
