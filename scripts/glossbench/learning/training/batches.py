"""Batches, their seeds, and class weights. Batches and seeds depend on (seed, epoch, step) only."""

import numpy as np
import torch
from torch import Tensor


def draw_batches(n: int, batch_size: int, seed: int, epoch: int) -> list[Tensor]:
    """Positions of n documents in random order, cut into batches.

    The last batch may be smaller; if it has a single document, it is merged into the one before. Epochs count from 1
    during training.
    """
    order = torch.from_numpy(np.random.default_rng([seed, epoch]).permutation(n))
    batches = list(order.split(batch_size))
    if len(batches) > 1 and len(batches[-1]) == 1:
        batches[-2:] = [torch.cat(batches[-2:])]
    return batches


def draw_balanced_batches(labels: Tensor, batch_size: int, per_class: int, seed: int, epoch: int) -> list[Tensor]:
    """Positions of documents in batches of ``per_class`` documents of each of B / per_class classes.

    Classes are taken in random order, and again in another once all have been, so that with few classes a batch has a
    multiple of ``per_class`` documents of each. A class that has too few is drawn with replacement. It is what
    pytorch-metric-learning's MPerClassSampler draws, which refuses fewer classes. There are as many batches as N
    documents fill, each of at least two classes where there are two.

    Args:
        labels: (N,) int64, on the CPU.
        batch_size: B, rounded down to whole classes.
        per_class: m, of which at most half a batch is used.
        seed: With ``epoch`` all that the batches depend on.
        epoch: Counted from 1.
    """
    random, n = np.random.default_rng([seed, epoch]), len(labels)
    members = [np.flatnonzero(labels.numpy() == label) for label in np.unique(labels.numpy())]
    size = min(batch_size, n)
    per_class = max(1, min(per_class, size // 2))
    groups, batches = size // per_class, []
    for _ in range(n // size):
        passes = [random.permutation(len(members)) for _ in range(-(-groups // len(members)))]
        times = np.bincount(np.concatenate(passes)[:groups], minlength=len(members))
        drawn = [
            random.choice(of, per_class * k, replace=per_class * k > len(of))
            for of, k in zip(members, times, strict=True)
        ]
        batches.append(torch.from_numpy(random.permutation(np.concatenate(drawn))))
    return batches


def step_seed(*parts: int) -> int:
    """A seed for torch from (seed, epoch, step)."""
    return int(np.random.SeedSequence(parts).generate_state(1, np.uint64)[0] >> 1)


def balanced_weights(labels: Tensor, num_classes: int) -> Tensor:
    """Weights N / (C N_c) of the classes c of the training labels (N,). (C,) float32, zero for an empty class."""
    counts = torch.bincount(labels, minlength=num_classes).double()
    return torch.where(counts > 0, len(labels) / (num_classes * counts.clamp(min=1)), 0.0).float()
