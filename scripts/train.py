"""Fine-tune an encoder: one corpus, one encoder, one objective, one seed."""

import json
import logging
from pathlib import Path

from glossbench.learning.checkpoints import Checkpoint, exclusive, run_key
from glossbench.learning.outputs import write_run
from glossbench.learning.runs import RunFiles, run
from glossbench.logs import job_log

if __name__ == "__main__":
    with job_log(snakemake.log[0]) as log:
        logging.getLogger("transformers").setLevel(logging.ERROR)
        given = {name: Path(path) for name, path in snakemake.input.items()}
        files = RunFiles(given["tokens"], given["encoder"].parent, given.get("sigma"), given.get("frozen"))
        log.info("settings %s", snakemake.params.settings)
        key = run_key(snakemake.params.settings, snakemake.params.code, list(given.values()))
        state = Path(snakemake.params.state)
        checkpoint = Checkpoint(state / "checkpoint.safetensors", key)
        with exclusive(state):
            result = run(json.loads(snakemake.params.settings), files, checkpoint)
            write_run(result, dict(snakemake.output.items()))
            checkpoint.remove()
        log.info("done: %s", result.timing)
