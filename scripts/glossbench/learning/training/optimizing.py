"""The optimiser of a run: its groups of parameters, and the learning rate of each step."""

import math
from collections import defaultdict
from typing import Any

import torch
from torch import Tensor, nn

from glossbench.learning.encoder.loading import embeddings_name, layer_list
from glossbench.settings.training import Training


def make_optimizer(
    model: nn.Module, settings: Training, of_loss: list[Tensor], loss_learning_rate: float | None
) -> torch.optim.Optimizer:
    """The optimiser of the parameters of a model that are trained, and of those of a loss.

    The latter have a learning rate of their own, which follows the schedule (None: that of the model), and no decay.
    """
    kind = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[settings.optimizer]
    groups, rate = parameter_groups(model, settings), loss_learning_rate or settings.learning_rate
    if of_loss:
        groups.append({"params": of_loss, "lr": rate, "scale": rate / settings.learning_rate, "weight_decay": 0.0})
    return kind(groups, lr=settings.learning_rate, fused=True)


def parameter_groups(model: nn.Module, settings: Training) -> list[dict[str, Any]]:
    """Groups of trained parameters for an optimiser: ``params``, ``weight_decay`` and ``scale``.

    The learning rate of a group is that of the step times its ``scale``, see ``set_learning_rate``. Biases and the
    weights of norms, which are vectors, have no weight decay. There is one group where no setting divides it.
    """
    above = {} if settings.layer_decay == 1 else layers_above(model.encoder.backbone)
    groups: dict[tuple[float, float], list[Tensor]] = defaultdict(list)
    for parameter in model.parameters():
        if parameter.requires_grad:
            decay = settings.weight_decay if parameter.ndim > 1 else 0.0
            groups[settings.layer_decay ** above.get(parameter, 0), decay].append(parameter)
    return [{"params": of, "scale": scale, "weight_decay": decay} for (scale, decay), of in groups.items()]


def layers_above(backbone: nn.Module) -> dict[Tensor, int]:
    """Number of layers above a parameter of a layer or of the embeddings. Others of the backbone are left out."""
    layers, embeddings = layer_list(backbone), embeddings_name(backbone)
    named = (parameter for name, parameter in backbone.named_parameters() if name.startswith(embeddings))
    found = dict.fromkeys(named, len(layers))
    for above, layer in enumerate(reversed(layers)):
        found |= dict.fromkeys(layer.parameters(), above)
    return found


def learning_rate_at(settings: Training, step: int, steps_per_epoch: int) -> float:
    """The learning rate of a step, counted from 0 over all epochs of a run, as transformers' schedules have it."""
    total = settings.epochs * steps_per_epoch
    warmup = math.ceil(settings.warmup_fraction * total)
    if step < warmup:
        return settings.learning_rate * step / warmup
    if settings.schedule == "milestones":
        drops = sum(milestone <= step // steps_per_epoch for milestone in settings.learning_rate_milestones)
        return settings.learning_rate * settings.learning_rate_drop_factor**drops
    done = (step - warmup) / (total - warmup)
    return settings.learning_rate * (1 - done if settings.schedule == "linear" else (1 + math.cos(math.pi * done)) / 2)


def set_learning_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Give each group the learning rate of a step, times its ``scale``."""
    for group in optimizer.param_groups:
        group["lr"] = rate * group["scale"]
