"""Writes the files of a run."""

import numpy as np
import pandas as pd
from safetensors.torch import save_file

from glossbench.files import replacing, write_json
from glossbench.learning.training.run import RunResult
from glossbench.learning.training.trainer import ENGINE_COLUMNS

EPOCH_COLUMNS = [*ENGINE_COLUMNS, "left_out_share", "best"]


def write_run(result: RunResult, output: dict[str, str]) -> None:
    """Write the files of a run. Seconds, memory and versions, which differ between two runs, go to timing.* only.

    The columns of epochs.csv are ``EPOCH_COLUMNS``, empty where they do not apply, then what the loss reports
    under other names, sorted.

    Args:
        result: the run.
        output: path of each file by its name in rules/learning.smk.
    """
    history = pd.DataFrame(result.history)
    seconds = [column for column in history if column.startswith("seconds_")]
    reported = sorted(set(history) - set(EPOCH_COLUMNS) - set(seconds))
    history.reindex(columns=[*EPOCH_COLUMNS, *reported]).to_csv(output["epochs"], index=False)
    history[["epoch", *seconds]].to_csv(output["timing_epochs"], index=False)
    write_json(output["settings"], result.settings.model_dump(mode="json"))
    write_json(output["timing"], result.timing)
    embeddings, logits = {}, {}
    for split, arrays in result.encoded.items():
        embeddings[split] = arrays["embeddings"]
        embeddings[f"{split}_label"] = arrays["labels"]
        embeddings[f"{split}_doc_id"] = arrays["doc_ids"]
        if "logits" in arrays:
            logits[split] = arrays["logits"]
    np.savez(output["embeddings"], **embeddings)
    np.savez(output["logits"], **logits)
    if "snapshots" in output:
        np.savez(output["snapshots"], **result.snapshots)
    if "weights" in output:
        with replacing(output["weights"]) as partial:
            save_file({name: value.contiguous().cpu() for name, value in result.weights.items()}, partial)
