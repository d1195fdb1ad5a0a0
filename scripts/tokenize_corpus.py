"""Tokenize the splits of a corpus for an encoder."""

import json
import os
from pathlib import Path

from glossbench.data.corpora import SPLITS
from glossbench.data.tokens import save_tokens, tokenize
from glossbench.files import listed_files
from glossbench.job.logs import job_log

if __name__ == "__main__":
    os.environ["RAYON_NUM_THREADS"] = str(snakemake.threads)  # read when the tokenizer is first called
    with job_log(snakemake) as log:
        settings = json.loads(snakemake.params.settings)
        listed_files(snakemake.input.encoder)  # raises an error of one line where a file is missing
        paths = {split: snakemake.input[split] for split in SPLITS}
        tokens = tokenize(paths, Path(snakemake.input.encoder).parent, settings["max_length"])
        save_tokens(tokens, snakemake.output.tokens)
        log.info("%d documents", sum(map(len, tokens.values())))
