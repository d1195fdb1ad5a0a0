"""Losses of the propagated labels of a batch, and a description of its graph."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from glossbench.graph import is_in
from glossbench.sigma import median_of_pairs, neighbors_at


class Propagation(NamedTuple):
    """The graph of a batch and the labels that were propagated on it, in one or more splits."""

    squared: Tensor  # (B, B) squared distances, detached
    sigma: float | Tensor
    propagated: list[Tensor]  # (u, C) logarithm of the propagated labels of each split
    truth: list[Tensor]  # (u,) classes of its evaluation nodes
    known: list[Tensor]  # (l,) classes of its labeled nodes
    weights: Tensor | None  # (C,)
    eliminated: bool


def node_losses(graph: Propagation, criterion: str, divide_again: bool) -> tuple[Tensor, Tensor, Tensor]:
    """Weighted losses of the evaluation nodes of all splits, their weights, and whether their class is labeled."""
    splits = zip(graph.propagated, graph.truth, graph.known, strict=True)
    found = zip(*(_losses_of_split(*split, graph.weights, criterion, divide_again) for split in splits), strict=True)
    losses, weights, reachable = (torch.cat(parts) for parts in found)
    return losses, weights, reachable


def _losses_of_split(
    log_y: Tensor, truth: Tensor, known: Tensor, class_weights: Tensor | None, criterion: str, divide_again: bool
) -> tuple[Tensor, Tensor, Tensor]:
    weights = log_y.new_ones(len(truth))
    if class_weights is not None:
        weights = class_weights.to(log_y)[truth]
    reachable = is_in(truth, known)
    if criterion == "softmax":
        losses = F.cross_entropy(log_y.exp(), truth, reduction="none")
    else:
        # The true class is selected first: an absent class has -inf, whose gradient is NaN.
        picked = log_y.gather(1, truth[:, None]).squeeze(1)
        losses = -torch.where(reachable, picked, torch.zeros_like(picked))
        weights = weights * reachable
    losses = losses * weights
    return losses / len(truth) if divide_again else losses, weights, reachable


def chance_of(graph: Propagation) -> list[Tensor]:
    """Logarithms of the class shares of the labeled nodes, in place of the propagated labels."""
    return [
        F.one_hot(known, y.shape[1]).to(y.dtype).mean(dim=0).log().expand_as(y)
        for y, known in zip(graph.propagated, graph.known, strict=True)
    ]


@torch.no_grad()
def describe(graph: Propagation) -> dict[str, Tensor]:
    """What ``GLoss.report`` says of a graph; the host waits for nothing."""
    median = median_of_pairs(graph.squared)
    sigma = graph.sigma * torch.ones_like(median)
    hits = [y.argmax(dim=1) == truth for y, truth in zip(graph.propagated, graph.truth, strict=True)]
    return {
        "sigma": sigma,
        "sigma_over_median": sigma / median,
        "effective_neighbors": neighbors_at(graph.squared, graph.sigma),
        "propagated_accuracy": torch.cat(hits).double().mean(),
        "eliminated": median.new_full((), float(graph.eliminated)),
    }
