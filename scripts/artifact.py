"""Pack the evidence of a study, and all that it is made from, into one archive."""

import json
from pathlib import Path

from glossbench.job.logs import job_log
from glossbench.provenance import SCRIPTS
from glossbench.tools.archive import contents, pack

if __name__ == "__main__":
    with job_log(snakemake):
        given, params, archive = snakemake.input, snakemake.params, Path(snakemake.output.archive)
        root, results = SCRIPTS.parent, archive.parent
        files = contents(root, results, given.products, given.manifests, json.loads(params.study))
        pack(archive, archive.name.removesuffix(".tar.gz"), files)
