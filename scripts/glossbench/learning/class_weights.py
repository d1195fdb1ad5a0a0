"""Weights of classes by their number of training documents."""

import torch
from torch import Tensor


def balanced_weights(labels: Tensor, num_classes: int) -> Tensor:
    """Weights N / (C N_c) of the classes c of the training labels (N,). (C,) float32, zero for an empty class."""
    counts = torch.bincount(labels, minlength=num_classes).double()
    return torch.where(counts > 0, len(labels) / (num_classes * counts.clamp(min=1)), 0.0).float()
