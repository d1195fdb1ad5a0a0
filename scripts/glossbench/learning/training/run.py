"""One training run: from the files that it reads to the result that is written."""

import importlib
import inspect
import logging
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import nn

from glossbench.data.documents import odd_tokens
from glossbench.data.splitting import subset_of_run
from glossbench.errors import TrainingError
from glossbench.learning.devices import choose_device, precision_on
from glossbench.learning.encoder.encoder import Encoder
from glossbench.learning.encoder.loading import read_backbone
from glossbench.learning.training.batches import draw_batches, step_seed
from glossbench.learning.training.checkpoints import Checkpoint
from glossbench.learning.training.explaining import explain_custom_loss, explain_out_of_memory
from glossbench.learning.training.inputs import RunInputs, Splits, load_splits, with_found_values
from glossbench.learning.training.machine import (
    activation_bytes,
    free_bytes,
    machine,
    throughput,
)
from glossbench.learning.training.trainer import EncoderWithHead, Trainer
from glossbench.learning.training.writing import RunResult
from glossbench.settings.jobs import Objective, RunSettings, TrainedRun
from glossbench.settings.losses import is_custom
from glossbench.settings.model import SPLITS

log = logging.getLogger(__name__)
MICRO_BATCH_TOKENS = {"cpu": 1024, "cuda": 16_384}


def run(settings: RunSettings, inputs: RunInputs, checkpoint: Checkpoint | None = None) -> RunResult:
    """Train on an objective and encode the splits to evaluate; TrainingError, with the run's name, if it fails."""
    started = time.perf_counter()
    device = choose_device(settings.device, settings.torch_threads)
    if device.type == "cuda":  # a job may train several seeds
        torch.cuda.reset_peak_memory_stats(device)
    log.info("%s on %s", settings.name, machine(device))
    splits = load_splits(inputs, subset_of_run(settings.subset, settings.seed), device)
    try:
        objective = with_found_values(settings.objective, inputs.tuned(settings.objective.tuned), inputs.estimates())
        trainer = make_trainer(settings, objective, inputs, splits, device, checkpoint)
        loaded = time.perf_counter()
        progress = trainer.fit()
        trained = time.perf_counter()
        with explain_out_of_memory("encoding the splits", trainer.model.encoder.micro_batch_tokens):
            embeddings, logits = encode_splits(trainer, splits)
    except TrainingError as error:
        raise TrainingError(f"{settings.name}: {error}") from None
    described = TrainedRun(
        **{**dict(settings), "objective": objective},
        num_classes=splits.num_classes,
        **{f"n_{split}": len(getattr(splits, split)) for split in SPLITS},
        n_parameters=trainer.n_parameters,
        n_trainable=sum(parameter.numel() for parameter in (*trainer.parameters, *trainer.loss_parameters)),
    )
    load, encode = loaded - started, time.perf_counter() - trained
    fit = sum(row["seconds_epoch"] + row["seconds_validation"] for row in progress.history)  # before a kill too
    timing = {
        "load_seconds": load,
        "fit_seconds": fit,
        "encode_seconds": encode,
        "total_seconds": load + fit + encode,
        **throughput(progress.history, splits.train.lengths[torch.cat(trainer.batches(epoch=1))]),
        **machine(device),
        **odd_tokens(inputs.tokens),
        "precision": precision_on(device, objective.training.precision),
    }
    snapshots, weights = trainer.snapshot_arrays(progress), trainer.model.state_dict()
    return RunResult(described, progress.history, embeddings, logits, snapshots, timing, weights)


def make_trainer(
    settings: RunSettings,
    objective: Objective,
    inputs: RunInputs,
    splits: Splits,
    device: torch.device,
    checkpoint: Checkpoint | None = None,
    after_epoch: Callable[[int, float], None] | None = None,
) -> Trainer:
    """Build loss, model and trainer of a run; the initial weights depend on the run's seed.

    ``objective`` has a value for every setting, see ``with_found_values``.
    """
    training, seed = objective.training, settings.seed
    micro_batch_tokens = training.micro_batch_tokens or MICRO_BATCH_TOKENS[device.type]
    with explain_out_of_memory("before the first epoch", micro_batch_tokens):
        encoder_settings = settings.encoder_settings
        backbone, parameters = read_backbone(inputs.encoder, encoder_settings, inputs.frozen, training.dropout)
        lowered = precision_on(device, training.precision) == "bfloat16"
        if lowered and backbone.config.model_type == "deberta":  # transformers fills its masks with float32's lowest
            raise TrainingError("precision: bfloat16 found, expected float32: DeBERTa v1 cannot be computed in it")
        torch.manual_seed(step_seed(seed, 0, 0))  # training counts epochs from 1
        cache = training.gradient_cache
        if cache is None:  # on where the activations of the largest batch need too much
            longest = splits.train.lengths.sort(descending=True).values[: training.batch_size]
            needed, free = activation_bytes(backbone.config, longest), free_bytes(device)
            if cache := needed > free / 2:
                gib = needed / 2**30, free / 2**30
                log.warning("activations of a batch need %.1f GiB of %.1f GiB: gradient_cache is on", *gib)
        encoder = Encoder(backbone, encoder_settings.pooling, micro_batch_tokens, cache)
        model = EncoderWithHead(encoder, splits.num_classes if objective.protocol == "integrated" else None).to(device)
        loss = load_loss(objective, num_classes=splits.num_classes, embedding_size=encoder.dimension)
        snapshot_indices = None
        if settings.snapshots:
            snapshot_indices = draw_batches(len(splits.train), training.batch_size, seed, epoch=0)[0]
        loss = None if loss is None else loss.to(device)
        return Trainer(model, loss, objective, splits, seed, checkpoint, snapshot_indices, after_epoch, parameters)


def load_loss(objective: Objective, **sizes: int) -> nn.Module | None:
    """Build the loss of an objective: its class, called with the settings of the loss.

    Args:
        objective: Every setting with its value.
        sizes: What is passed besides, where the class has an argument of that name.

    Returns:
        The loss, see ``glossbench.losses.protocol``; None if the objective is cross-entropy alone.

    Raises:
        TrainingError: If a loss of the user's own cannot be made.
    """
    name = objective.loss
    if name is None:
        return None
    settings = objective.loss_settings
    place = name if is_custom(name) else settings.path or f"glossbench.losses.{name}:LOSS"
    module, _, attribute = place.partition(":")
    if is_custom(name) and (here := str(Path.cwd())) not in sys.path:
        sys.path.append(here)
    with explain_custom_loss(name):
        loss_class = getattr(importlib.import_module(module), attribute)
        asked = inspect.signature(loss_class).parameters
        known = {size: value for size, value in sizes.items() if size in asked}
        loss = loss_class(**{**known, **settings.arguments()})
        if not isinstance(loss, nn.Module):
            raise TypeError(f"{type(loss).__name__} found, expected a torch.nn.Module")
    return loss


def encode_splits(trainer: Trainer, splits: Splits) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Encode the splits that the evaluation needs: embeddings and logits as ``RunResult`` has them."""
    found, found_logits = {}, {}
    for name in ("test",) if trainer.protocol == "integrated" else SPLITS:
        documents = getattr(splits, name)
        embeddings, logits = trainer.encode(documents)
        found |= {name: embeddings.astype(np.float16), f"{name}_label": documents.labels.cpu().numpy()}
        found[f"{name}_doc_id"] = np.array(documents.doc_ids)
        if logits is not None:
            found_logits[name] = logits.astype(np.float32)
    return found, found_logits
