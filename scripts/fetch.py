"""Fetch and verify the files of a corpus or an encoder."""

import json
from pathlib import Path

from glossbench.data.fetching import fetch
from glossbench.data.sources.urls import Mirror
from glossbench.job.logs import job_log

if __name__ == "__main__":
    with job_log(snakemake):
        # read from the configuration, not from params, so that another mirror does not fetch anything again
        mirror = Mirror(snakemake.config.get("mirror"), snakemake.config.get("offline", False))
        fetch(json.loads(snakemake.params.settings), Path(snakemake.output.manifest).parent, mirror)
