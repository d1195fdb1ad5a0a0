"""Fetch and verify the files of a corpus or an encoder."""

import json
from pathlib import Path

from glossbench.data.fetching import fetch
from glossbench.data.sources.mirror import Mirror
from glossbench.job.logs import job_log
from glossbench.settings.model import scalar

if __name__ == "__main__":
    with job_log(snakemake):
        # read from the configuration, not from params, so that another mirror does not fetch anything again
        offline = scalar(str(snakemake.config.get("offline", False)).lower())
        mirror = Mirror(snakemake.config.get("mirror"), offline)
        fetch(json.loads(snakemake.params.settings), Path(snakemake.output.manifest).parent, mirror)
