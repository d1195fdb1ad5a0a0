"""Write the card of a prepared corpus."""

import json

from glossbench.data.cards import describe, write_card
from glossbench.data.corpora import PARTS, read_part
from glossbench.job.logs import job_log

if __name__ == "__main__":
    with job_log(snakemake) as log:
        read = {part: read_part(snakemake.input[part]) for part in PARTS}
        _, class_names = read["train"]
        parts = {part: frame for part, (frame, _) in read.items()}
        card = describe(parts, class_names, json.loads(snakemake.params.settings))
        write_card(card, snakemake.output.card)
        log.info("%d documents, %d classes", card["n_documents"], card["n_classes"])
