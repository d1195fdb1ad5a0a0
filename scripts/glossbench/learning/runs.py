"""One training run from files to files."""

import importlib
import inspect
import logging
import os
import platform
import resource
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from torch import Tensor, nn

from glossbench.errors import TrainingError
from glossbench.learning.checkpoints import Checkpoint
from glossbench.learning.encoder import Encoder
from glossbench.learning.inputs import read_backbone, read_documents, resolve_sigma, with_frozen_states
from glossbench.learning.training import Model, Splits, Trainer, balanced_weights, step_seed

log = logging.getLogger(__name__)
MICRO_BATCH = {"cpu": 16, "cuda": 64}


@dataclass(frozen=True)
class RunFiles:
    """Where a run reads from. sigma and frozen are None where the run needs neither."""

    tokens: Path
    encoder: Path
    sigma: Path | None
    frozen: Path | None


@dataclass(frozen=True)
class RunResult:
    """What a run leaves: its resolved settings, a row an epoch, encoded splits, timing, and the tested weights."""

    settings: dict[str, Any]
    history: list[dict[str, float]]
    encoded: dict[str, dict[str, np.ndarray]]
    timing: dict[str, Any]
    weights: dict[str, Tensor]


def run(settings: dict[str, Any], files: RunFiles, checkpoint: Checkpoint | None = None) -> RunResult:
    """Train on the objective in ``settings`` (as rules/common.smk makes it) and encode the splits.

    Encoded are the test documents, and in the standalone protocol those of train and validation too. Raises
    TrainingError naming the run.
    """
    started = time.perf_counter()
    device = reproducible(settings["device"], settings["torch_threads"])
    objective, seed = settings["objective"], settings["seed"]
    log.info("%s on %s", run_name(settings), machine(device))
    backbone = read_backbone(files.encoder, settings["encoder_settings"], files.frozen)
    documents, num_classes = read_documents(files.tokens, settings["subset"], backbone.config.pad_token_id)
    documents = {name: part.to(device) for name, part in with_frozen_states(documents, files.frozen).items()}
    splits = Splits(**documents, num_classes=num_classes)

    torch.manual_seed(step_seed(seed, 0, 0))  # steps count epochs from 1
    micro_batch = objective["training"]["micro_batch_size"] or MICRO_BATCH[device.type]
    encoder = Encoder(backbone, settings["encoder_settings"]["pooling"], micro_batch)
    model = Model(encoder, num_classes if objective["protocol"] == "integrated" else None).to(device)
    loss_settings = resolve_sigma(objective["loss_settings"], files.sigma)
    loss = load_loss(objective, loss_settings, splits)
    try:
        trainer = Trainer(model, loss.to(device) if loss is not None else None, objective, splits, seed, checkpoint)
        loaded = time.perf_counter()
        progress = trainer.fit()
        trained = time.perf_counter()
        encoded = encode_splits(trainer, splits, objective["protocol"])
    except TrainingError as error:
        raise TrainingError(f"{run_name(settings)}: {error}") from None
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise TrainingError(
            f"{run_name(settings)}: out of memory; a smaller training.micro_batch_size "
            f"(now {micro_batch}) or training.batch_size is what to change ({error})"
        ) from None
    sizes = {f"n_{name}": len(part) for name, part in documents.items()}
    resolved = {**settings, "loss_arguments": loss_settings, **sizes, "num_classes": num_classes}
    timing = {
        "load_seconds": loaded - started,
        "fit_seconds": trained - loaded,
        "encode_seconds": time.perf_counter() - trained,
        "total_seconds": time.perf_counter() - started,
        **throughput(progress.history, len(splits.train)),
        **machine(device),
    }
    return RunResult(resolved, progress.history, encoded, timing, model.state_dict())


def run_name(settings: dict[str, Any]) -> str:
    """How errors and logs call a run."""
    return "{corpus}/{encoder}/{objective_key}/seed-{seed}".format(**settings)


def load_loss(objective: dict[str, Any], arguments: dict[str, Any], splits: Splits) -> nn.Module | None:
    """The loss an objective names, from its module in glossbench.losses. None for cross-entropy alone."""
    if objective["loss"] is None:
        return None
    loss = importlib.import_module(f"glossbench.losses.{objective['loss']}").LOSS
    weights = {}
    if objective["training"]["class_weights"] == "balanced" and "class_weights" in inspect.signature(loss).parameters:
        weights["class_weights"] = balanced_weights(splits.train.labels, splits.num_classes)
    return loss(**arguments, **weights)


def encode_splits(trainer: Trainer, splits: Splits, protocol: str) -> dict[str, dict[str, np.ndarray]]:
    """Embeddings, labels and ids of the splits that the evaluation needs, and logits where there is a head."""
    wanted = ("test",) if protocol == "integrated" else ("train", "val", "test")
    encoded = {}
    for name in wanted:
        documents = getattr(splits, name)
        embeddings, logits = trainer.encode(documents)
        encoded[name] = {
            "embeddings": embeddings,
            "labels": documents.labels.cpu().numpy(),
            "doc_ids": np.array(documents.doc_ids),
            **({} if logits is None else {"logits": logits}),
        }
    return encoded


def reproducible(device: str, threads: int) -> torch.device:
    """Fix what the numbers depend on beside settings and seed, and choose the device ("auto", "cpu" or "cuda")."""
    torch.set_num_threads(threads)
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cuda":
        if not torch.cuda.is_available():
            raise TrainingError("device: cuda found in the study, but torch sees no CUDA device here; use auto or cpu")
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.use_deterministic_algorithms(True, warn_only=True)
        torch.set_float32_matmul_precision("high")
    return torch.device(device)


def throughput(history: list[dict[str, float]], n_train: int) -> dict[str, float]:
    """Seconds of training steps in all and by epoch (validation apart), and training documents per second."""
    train_seconds = sum(row["seconds_epoch"] for row in history)
    return {
        "train_seconds": train_seconds,
        "seconds_per_epoch": train_seconds / len(history),
        "docs_per_second": n_train * len(history) / train_seconds,
    }


def machine(device: torch.device) -> dict[str, Any]:
    """Device, peak memory (of the device, or of the process on a CPU) and versions."""
    if device.type == "cuda":
        name, peak = torch.cuda.get_device_name(device), torch.cuda.max_memory_allocated(device) / 2**20
    else:
        unit = 1 if sys.platform == "darwin" else 1024
        name, peak = "cpu", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20
    return {
        "device": name,
        "precision": "bf16" if device.type == "cuda" else "float32",
        "peak_memory_mib": peak,
        "threads": torch.get_num_threads(),
        "torch_version": torch.__version__,
        "transformers_version": transformers.__version__,
        "python_version": platform.python_version(),
    }
