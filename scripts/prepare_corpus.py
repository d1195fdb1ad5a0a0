"""Read a corpus and write its three parts."""

import json

from glossbench.data.corpora import PARTS, prepare, write_part
from glossbench.job.logs import job_log

if __name__ == "__main__":
    with job_log(snakemake) as log:
        settings = json.loads(snakemake.params.settings)
        layout = settings.get("layout")
        parts, class_names = prepare(settings["kind"], settings["split"], snakemake.input.manifest, layout)
        for part in PARTS:
            write_part(parts[part], class_names, snakemake.output[part])
            log.info("%s: %d documents", part, len(parts[part]))
