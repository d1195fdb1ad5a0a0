"""One training run: from the files that it reads to the result that is written."""

import importlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from glossbench.data.documents import Documents
from glossbench.errors import TrainingError
from glossbench.learning.devices import precision_on, reproducible
from glossbench.learning.encoder.encoder import Encoder
from glossbench.learning.encoder.loading import layer_list, read_backbone
from glossbench.learning.resolve import resolve
from glossbench.learning.training.checkpoints import Checkpoint
from glossbench.learning.training.inputs import SPLITS, RunFiles, Splits, load_splits
from glossbench.learning.training.memory import activation_bytes, explain_out_of_memory, free_bytes
from glossbench.learning.training.schedule import draw_batches, step_seed
from glossbench.learning.training.timing import machine, throughput
from glossbench.learning.training.trainer import Model, Trainer
from glossbench.losses.protocol import needs_of
from glossbench.settings.jobs import Objective, RunSettings, TrainedRun
from glossbench.settings.training import Training

log = logging.getLogger(__name__)
MICRO_BATCH_TOKENS = {"cpu": 1024, "cuda": 16_384}


@dataclass(frozen=True)
class RunResult:
    """The result of a run.

    Attributes:
        settings: the run's settings, with the objective resolved and the sizes of splits and model.
        history: one row per epoch.
        encoded: see ``encode_splits``.
        snapshots: see ``Trainer.snapshot_arrays``.
        timing: seconds, memory, device and versions.
        weights: state of the model that was tested.
    """

    settings: TrainedRun
    history: list[dict[str, float]]
    encoded: dict[str, dict[str, np.ndarray]]
    snapshots: dict[str, np.ndarray]
    timing: dict[str, Any]
    weights: dict[str, Tensor]


def run(settings: RunSettings, files: RunFiles, checkpoint: Checkpoint | None = None) -> RunResult:
    """Train a model on an objective and encode the splits that the evaluation needs.

    Args:
        settings: the run's settings, as the rule passes them, and its seed.
        files: the run's inputs.
        checkpoint: where to resume from and to save to, or None.

    Raises:
        TrainingError: if the run fails; the message names the run.
    """
    started = time.perf_counter()
    device = reproducible(settings.device, settings.torch_threads)
    if device.type == "cuda":  # a job may train several seeds
        torch.cuda.reset_peak_memory_stats(device)
    log.info("%s on %s", settings.name, machine(device))
    splits = load_splits(settings, files, device)
    try:
        objective = resolve(settings.objective, files.tuned(settings.objective.tuned), files.estimates())
        with explain_out_of_memory("before the first epoch", micro_batch_tokens(objective, device)):
            trainer, n_parameters = make_trainer(settings, objective, files, splits, device, checkpoint)
        loaded = time.perf_counter()
        progress = trainer.fit()
        trained = time.perf_counter()
        with explain_out_of_memory("encoding the splits", trainer.model.encoder.micro_batch_tokens):
            encoded = encode_splits(trainer, splits, objective.protocol)
    except TrainingError as error:
        raise TrainingError(f"{settings.name}: {error}") from None
    described = TrainedRun(
        **{**dict(settings), "objective": objective},
        num_classes=splits.num_classes,
        **{f"n_{split}": len(getattr(splits, split)) for split in SPLITS},
        n_parameters=n_parameters,
        n_trainable=sum(parameter.numel() for parameter in trainer.parameters),
    )
    timing = {
        "load_seconds": loaded - started,
        "fit_seconds": trained - loaded,
        "encode_seconds": time.perf_counter() - trained,
        "total_seconds": time.perf_counter() - started,
        **throughput(progress.history, splits.train),
        **machine(device),
        "precision": precision_on(device, objective.training.precision),
    }
    snapshots = trainer.snapshot_arrays(progress)
    return RunResult(described, progress.history, encoded, snapshots, timing, trainer.model.state_dict())


def make_trainer(
    settings: RunSettings,
    objective: Objective,
    files: RunFiles,
    splits: Splits,
    device: torch.device,
    checkpoint: Checkpoint | None = None,
    after_epoch: Callable[[int, float], None] | None = None,
) -> tuple[Trainer, int]:
    """Build loss, model and trainer of a run; the initial weights depend on the run's seed.

    Args:
        settings: the run's settings.
        objective: every setting with its value, see ``resolve``.
        files: the run's inputs.
        splits: the run's documents.
        device: where the model is put.
        checkpoint: see ``Trainer``.
        after_epoch: see ``Trainer``.

    Returns:
        The trainer, and the number of parameters of the encoder including frozen ones.
    """
    seed, encoder_settings = settings.seed, settings.encoder_settings
    loss = load_loss(objective)
    backbone, parameters = read_backbone(files.encoder, encoder_settings, files.frozen)
    torch.manual_seed(step_seed(seed, 0, 0))  # training counts epochs from 1
    cache = needs_gradient_cache(objective.training, backbone, splits.train, device)
    encoder = Encoder(backbone, encoder_settings.pooling, micro_batch_tokens(objective, device), cache)
    classes = splits.num_classes if objective.protocol == "integrated" else None
    model = Model(encoder, classes).to(device)
    snapshot_indices = None
    if settings.snapshots:
        snapshot_indices = draw_batches(len(splits.train), objective.training.batch_size, seed, epoch=0)[0]
    loss = loss.to(device) if loss is not None else None
    trainer = Trainer(model, loss, objective, splits, seed, checkpoint, snapshot_indices, after_epoch)
    return trainer, parameters


def micro_batch_tokens(objective: Objective, device: torch.device) -> int:
    """Most tokens encoded at once: as the objective has it, or what suits the device."""
    return objective.training.micro_batch_tokens or MICRO_BATCH_TOKENS[device.type]


def needs_gradient_cache(training: Training, backbone: nn.Module, train: Documents, device: torch.device) -> bool:
    """Whether a run keeps no activations: as its settings say, or where those of its largest batch need too much."""
    if training.gradient_cache is not None:
        return training.gradient_cache
    longest = train.lengths.sort(descending=True).values[: training.batch_size]
    needed, free = activation_bytes(backbone.config, len(layer_list(backbone)), longest), free_bytes(device)
    if needed > free / 2:
        log.warning(
            "activations of a batch need %.1f GiB of %.1f GiB: gradient_cache is on", needed / 2**30, free / 2**30
        )
    return needed > free / 2


def load_loss(objective: Objective) -> nn.Module | None:
    """Build the loss of an objective: ``LOSS(**loss_settings)`` from the loss's module in glossbench.losses.

    Returns:
        The loss, see ``glossbench.losses.protocol``; None if the objective is cross-entropy alone.

    Raises:
        TrainingError: if the engine cannot train on the loss in the objective's protocol.
    """
    name, protocol = objective.loss, objective.protocol
    if name is None:
        return None
    loss = importlib.import_module(f"glossbench.losses.{name}").LOSS(**objective.loss_settings.arguments())
    if hasattr(loss, "check"):  # the trainer says it where a loss is not finite, with its epoch
        loss.check = False
    try:
        needs = needs_of(loss)
    except ValueError as error:
        raise TrainingError(f"loss {name}: {error}") from None
    if "logits" in needs and protocol != "integrated":
        raise TrainingError(f"loss {name}: protocol {protocol} found, expected integrated, since the loss needs logits")
    if any(parameter.requires_grad for parameter in loss.parameters()):
        raise TrainingError(f"loss {name}: parameters to train found, expected none, since only the model is trained")
    return loss


def encode_splits(trainer: Trainer, splits: Splits, protocol: str) -> dict[str, dict[str, np.ndarray]]:
    """Encode the splits that the evaluation needs: test, and in the standalone protocol train and validation too.

    Returns:
        By split: embeddings (N, d) float16, labels (N,), doc_ids (N,), and in the integrated protocol logits (N, C)
        float32.
    """
    needed = ("test",) if protocol == "integrated" else ("train", "val", "test")
    encoded = {}
    for name in needed:
        documents = getattr(splits, name)
        embeddings, logits = trainer.encode(documents)
        encoded[name] = {
            "embeddings": embeddings.astype(np.float16),
            "labels": documents.labels.cpu().numpy(),
            "doc_ids": np.array(documents.doc_ids),
            **({} if logits is None else {"logits": logits.astype(np.float32)}),
        }
    return encoded
