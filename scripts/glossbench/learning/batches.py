"""The batches of an epoch and the random seed of each step; both depend on (seed, epoch, step) only."""

import numpy as np
import torch
from torch import Tensor


def draw_batches(n: int, batch_size: int, seed: int, epoch: int) -> list[Tensor]:
    """Positions of n documents in random order, cut into batches.

    Args:
        n: number of documents.
        batch_size: size of each batch. The last batch may be smaller; if it has a single document, it is merged
            into the one before.
        seed: the seed of the run.
        epoch: counted from 1 during training.
    """
    order = torch.from_numpy(np.random.default_rng([seed, epoch]).permutation(n))
    batches = list(order.split(batch_size))
    if len(batches) > 1 and len(batches[-1]) == 1:
        batches[-2:] = [torch.cat(batches[-2:])]
    return batches


def step_seed(*parts: int) -> int:
    """A seed for torch from (seed, epoch, step)."""
    return int(np.random.SeedSequence(parts).generate_state(1, np.uint64)[0] >> 1)
