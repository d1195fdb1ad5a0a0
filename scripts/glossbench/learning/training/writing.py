"""The result of a run, and its files."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from safetensors.torch import save_file
from torch import Tensor

from glossbench.checksums import add_checksums
from glossbench.files import replacing, write_json
from glossbench.frames import GRAPH_COLUMNS
from glossbench.learning.training.trainer import ENGINE_COLUMNS
from glossbench.settings.jobs import TrainedRun

EPOCH_COLUMNS = [*ENGINE_COLUMNS, "left_out_share", *GRAPH_COLUMNS, "best"]


@dataclass(frozen=True)
class RunResult:
    """The result of a run."""

    settings: TrainedRun  # the run's settings, with the objective resolved and the sizes of splits and model
    history: list[dict[str, float]]  # one row per epoch
    # {split} (N, d) float16, {split}_label (N,) and {split}_doc_id (N,) of the splits that the evaluation needs: test,
    # and in the standalone protocol train and validation too.
    embeddings: dict[str, np.ndarray]
    logits: dict[str, np.ndarray]  # {split} (N, C) float32, in the integrated protocol
    snapshots: dict[str, np.ndarray]  # see ``Trainer.snapshot_arrays``
    timing: dict[str, Any]  # seconds, memory, device and versions
    weights: dict[str, Tensor]  # state of the model that was tested


def write_run(result: RunResult, output: dict[str, str]) -> None:
    """Write the files of a run. Seconds, memory and versions, which differ between two runs, go to timing.* only.

    The columns of epochs.csv are ``EPOCH_COLUMNS``, empty where they do not apply, then what the loss reports
    under other names, sorted. Files are named in ``output`` as in rules/learning.smk.
    """
    history = pd.DataFrame(result.history)
    seconds = [column for column in history if column.startswith("seconds_")]
    reported = sorted(set(history) - set(EPOCH_COLUMNS) - set(seconds))
    history.reindex(columns=[*EPOCH_COLUMNS, *reported]).to_csv(output["epochs"], index=False)
    # to the microsecond: the digits after it would be a quarter of an archive of runs
    history[["epoch", *seconds]].round(6).to_csv(output["epoch_seconds"], index=False)
    write_json(output["settings"], result.settings.model_dump(mode="json"))
    write_json(output["timing"], result.timing)
    for name in ("embeddings", "logits", "snapshots"):
        if name in output:
            np.savez(output[name], **getattr(result, name))
    if "weights" in output:
        with replacing(output["weights"]) as partial:
            save_file({name: value.contiguous().cpu() for name, value in result.weights.items()}, partial)
    add_checksums(output.values())
