"""The files of a run."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from safetensors.torch import save_file

from glossbench.job.atomic import replacing
from glossbench.learning.runs import RunResult

EPOCH_COLUMNS = [
    "epoch", "loss", "loss_ce", "loss_metric", "learning_rate", "val_macro_f1", "val_macro_silhouette",
    "left_out_share", "best",
]  # fmt: skip


def write_run(result: RunResult, output: dict[str, str]) -> None:
    """Write a run's files; ``output`` maps their names (as in rules/learning.smk) to paths.

    What differs from one time to the next (seconds, memory, versions) goes to timing.* alone.
    """
    history = pd.DataFrame(result.history)
    seconds = [column for column in history if column.startswith("seconds_")]
    history.reindex(columns=EPOCH_COLUMNS).to_csv(output["epochs"], index=False)
    history[["epoch", *seconds]].to_csv(output["timing_epochs"], index=False)
    write_json(output["settings"], result.settings)
    write_json(output["timing"], result.timing)
    embeddings, logits = {}, {}
    for split, arrays in result.encoded.items():
        embeddings[split] = arrays["embeddings"].astype(np.float16)
        embeddings[f"{split}_label"] = arrays["labels"]
        embeddings[f"{split}_doc_id"] = arrays["doc_ids"]
        if "logits" in arrays:
            logits[split] = arrays["logits"].astype(np.float32)
    np.savez(output["embeddings"], **embeddings)
    np.savez(output["logits"], **logits)
    if "snapshots" in output:
        np.savez(output["snapshots"], **result.snapshots)
    if "weights" in output:
        save_file({name: value.contiguous().cpu() for name, value in result.weights.items()}, output["weights"])


def write_json(path: str | Path, value: Any) -> None:
    """Sorted keys, two spaces, a final newline; whole or not there, for who collects while others still run."""
    text = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    with replacing(path) as partial:
        partial.write_text(text + "\n", encoding="utf-8")
