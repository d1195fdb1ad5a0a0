"""One training run from files to files."""

import importlib
import inspect
import json
import logging
import os
import platform
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
import yaml
from torch import Tensor, nn

from glossbench.errors import TrainingError
from glossbench.learning.checkpoints import Checkpoint
from glossbench.learning.encoder import Encoder, padding_id
from glossbench.learning.inputs import SPLITS, read_backbone, read_documents, with_frozen_states
from glossbench.learning.memory import memory_named
from glossbench.learning.resolve import with_choices
from glossbench.learning.training import Model, Splits, Trainer, balanced_weights, draw_batches, step_seed

log = logging.getLogger(__name__)
MICRO_BATCH = {"cpu": 16, "cuda": 64}


@dataclass(frozen=True)
class RunFiles:
    """Where a run reads from. sigma, frozen and best are None where the run needs none."""

    tokens: Path
    encoder: Path
    sigma: Path | None = None
    frozen: Path | None = None
    best: Path | None = None

    @classmethod
    def of(cls, given: dict[str, str]) -> "RunFiles":
        """From a rule's named inputs; the encoder's is its manifest."""
        paths = {name: Path(path) for name, path in given.items()}
        return cls(**{**paths, "encoder": paths["encoder"].parent})

    def estimates(self) -> dict[str, Any] | None:
        """The estimates of sigma, where the run needs them."""
        return json.loads(self.sigma.read_text(encoding="utf-8")) if self.sigma else None

    def found(self, wanted: list[str]) -> dict[str, float]:
        """The settings of these names that a search chose."""
        best = yaml.safe_load(self.best.read_text(encoding="utf-8"))["settings"] if wanted else {}
        return {name: best[name] for name in wanted}


@dataclass(frozen=True)
class RunResult:
    """What a run leaves: resolved settings, a row an epoch, encoded splits, snapshots, timing, the tested weights."""

    settings: dict[str, Any]
    history: list[dict[str, float]]
    encoded: dict[str, dict[str, np.ndarray]]
    snapshots: dict[str, np.ndarray]
    timing: dict[str, Any]
    weights: dict[str, Tensor]


def run(settings: dict[str, Any], files: RunFiles, checkpoint: Checkpoint | None = None) -> RunResult:
    """Train on the objective in ``settings`` (as rules/common.smk makes it) and encode the splits.

    Encoded are the test documents, and in the standalone protocol those of train and validation too. Raises
    TrainingError naming the run.
    """
    started = time.perf_counter()
    device = reproducible(settings["device"], settings["torch_threads"])
    name = run_name(settings)
    if device.type == "cuda":  # a job may train several seeds
        torch.cuda.reset_peak_memory_stats(device)
    log.info("%s on %s", name, machine(device))
    splits = load_splits(settings, files, device)
    try:
        wanted = settings["objective"]
        objective = with_choices(wanted, files.found(wanted["tuned"]), files.estimates())
        with memory_named("before the first epoch", micro_batch_size(objective, device)):
            trainer, n_parameters = make_trainer(settings, objective, files, splits, device, checkpoint)
        loaded = time.perf_counter()
        progress = trainer.fit()
        trained = time.perf_counter()
        with memory_named("encoding the splits", trainer.model.encoder.micro_batch_size):
            encoded = encode_splits(trainer, splits, objective["protocol"])
    except TrainingError as error:
        raise TrainingError(f"{name}: {error}") from None
    resolved = {
        **settings,
        "objective": objective,
        "num_classes": splits.num_classes,
        **{f"n_{split}": len(getattr(splits, split)) for split in SPLITS},
        "n_parameters": n_parameters,
        "n_trainable": sum(parameter.numel() for parameter in trainer.parameters),
    }
    timing = {
        "load_seconds": loaded - started,
        "fit_seconds": trained - loaded,
        "encode_seconds": time.perf_counter() - trained,
        "total_seconds": time.perf_counter() - started,
        **throughput(progress.history, len(splits.train)),
        **machine(device),
    }
    snapshots = trainer.watched_batch(progress)
    return RunResult(resolved, progress.history, encoded, snapshots, timing, trainer.model.state_dict())


def load_splits(
    settings: dict[str, Any], files: RunFiles, device: torch.device, names: tuple[str, ...] = SPLITS
) -> Splits:
    """The documents of a run's splits on its device; a split that is not named is not read and is None."""
    documents, num_classes = read_documents(files.tokens, settings["subset"], padding_id(files.encoder), names)
    placed = {split: part.to(device) for split, part in with_frozen_states(documents, files.frozen).items()}
    return Splits(**{split: placed.get(split) for split in SPLITS}, num_classes=num_classes)


def make_trainer(
    settings: dict[str, Any],
    objective: dict[str, Any],
    files: RunFiles,
    splits: Splits,
    device: torch.device,
    checkpoint: Checkpoint | None = None,
    after_epoch: Callable[[int, float], None] | None = None,
) -> tuple[Trainer, int]:
    """A model at its start, drawn from the run's seed, its loss and what trains them; parameters of the encoder.

    objective: every setting a number, as ``with_choices`` gives it. after_epoch: see ``Trainer``.
    """
    seed = settings["seed"]
    backbone, parameters = read_backbone(files.encoder, settings["encoder_settings"], files.frozen)
    torch.manual_seed(step_seed(seed, 0, 0))  # steps count epochs from 1
    encoder = Encoder(backbone, settings["encoder_settings"]["pooling"], micro_batch_size(objective, device))
    classes = splits.num_classes if objective["protocol"] == "integrated" else None
    model = Model(encoder, classes).to(device)
    loss = load_loss(objective, splits)
    watched = None
    if settings.get("snapshots"):
        watched = draw_batches(len(splits.train), objective["training"]["batch_size"], seed, epoch=0)[0]
    loss = loss.to(device) if loss is not None else None
    trainer = Trainer(model, loss, objective, splits, seed, checkpoint, watched, after_epoch)
    return trainer, parameters


def micro_batch_size(objective: dict[str, Any], device: torch.device) -> int:
    return objective["training"]["micro_batch_size"] or MICRO_BATCH[device.type]


def run_name(settings: dict[str, Any]) -> str:
    """How errors and logs call a run."""
    return "{corpus}/{encoder}/{objective_key}/seed-{seed}".format(**settings)


def load_loss(objective: dict[str, Any], splits: Splits) -> nn.Module | None:
    """The loss an objective names, from its module in glossbench.losses. None for cross-entropy alone."""
    if objective["loss"] is None:
        return None
    loss = importlib.import_module(f"glossbench.losses.{objective['loss']}").LOSS
    weights = {}
    if objective["training"]["class_weights"] == "balanced" and "class_weights" in inspect.signature(loss).parameters:
        weights["class_weights"] = balanced_weights(splits.train.labels, splits.num_classes)
    return loss(**objective["loss_settings"], **weights)


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
