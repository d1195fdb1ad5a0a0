"""Pack the evidence of a study, and all that it is made from, into one archive."""

import json
from pathlib import Path

from glossbench.job.logs import job_log
from glossbench.provenance import SCRIPTS
from glossbench.tools.archive import contents, pack
from glossbench.tools.crate import with_crate

if __name__ == "__main__":
    with job_log(snakemake):
        given, params, archive = snakemake.input, snakemake.params, Path(snakemake.output.archive)
        root, results = SCRIPTS.parent, archive.parent
        files = contents(root, results, given.products, json.loads(params.records), json.loads(params.study))
        pack(archive, archive.name.removesuffix(".tar.gz"), with_crate(files))
