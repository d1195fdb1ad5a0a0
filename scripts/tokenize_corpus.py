"""Tokenize the splits of a corpus for an encoder."""

import json
import os
import sys
from pathlib import Path

from glossbench.checksums import listed_files
from glossbench.data.tokens import odd_shares, tokenize
from glossbench.job.logs import job_log
from glossbench.settings.model import SPLITS

if __name__ == "__main__":
    os.environ["RAYON_NUM_THREADS"] = str(snakemake.threads)  # read when the tokenizer is first called
    with job_log(snakemake) as log:
        settings = json.loads(snakemake.params.settings)
        listed_files(snakemake.input.encoder)  # raises an error of one line where a file is missing
        paths = {split: snakemake.input[split] for split in SPLITS}
        encoder = Path(snakemake.input.encoder).parent
        shares = tokenize(paths, encoder, settings["max_length"], snakemake.output.tokens)
        log.info("shares of tokens: %s", shares)
        if warning := odd_shares(shares, settings["max_length"]):
            line = f"{snakemake.wildcards.corpus} for {snakemake.wildcards.encoder}: {warning}"
            log.warning("%s", line)
            print(f"glossbench: {line}", file=sys.stderr)
