"""Read a corpus and write its three splits."""

import json

from glossbench.data.corpora import prepare, write_split
from glossbench.job.logs import job_log
from glossbench.settings.model import SPLITS

if __name__ == "__main__":
    with job_log(snakemake) as log:
        settings = json.loads(snakemake.params.settings)
        layout = settings.get("layout")
        splits, class_names = prepare(settings["kind"], settings["splitting"], snakemake.input.manifest, layout)
        for split in SPLITS:
            write_split(splits[split], class_names, snakemake.output[split])
            log.info("%s: %d documents", split, len(splits[split]))
