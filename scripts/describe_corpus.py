"""Write the card of a prepared corpus."""

import json

from glossbench.data.cards import describe
from glossbench.data.corpora import read_split
from glossbench.files import write_json
from glossbench.job.logs import job_log
from glossbench.settings.model import SPLITS

if __name__ == "__main__":
    with job_log(snakemake) as log:
        read = {split: read_split(snakemake.input[split]) for split in SPLITS}
        _, class_names = read["train"]
        splits = {split: frame for split, (frame, _) in read.items()}
        card = describe(splits, class_names, json.loads(snakemake.params.settings))
        write_json(snakemake.output.card, card)
        log.info("%d documents, %d classes", card["n_documents"], card["n_classes"])
