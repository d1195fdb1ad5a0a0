"""G-Loss: how well labels hidden inside a mini-batch are recovered by propagation over the batch's own graph."""

import math
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from glossbench.graph import TRANSITIONS, log_affinity, log_propagated, log_transition


class GLoss(nn.Module):
    """L_G = mean over evaluation nodes of -log Yhat[true class], the paper's section on G-Loss, steps 1-8.

    Args:
        sigma: width of the Gaussian affinity between unit-norm embeddings, > 0.
        labeled_fraction: share gamma of a batch that keeps its labels, in (0, 1).
        transition: "stochastic" (columns, then rows normalised) or "column" (as printed).
        objective: "nll" (the paper's), where evaluation nodes whose class has no labeled node in the batch are
            left out; or "softmax", the reference code's cross-entropy over the propagated probabilities (which
            with "column" are none, and overflow at a small sigma).
        class_weights: (C,) weight of each class in the mean, or None.
        stratified: keep the label of at least one document of each class in the batch, as far as labels reach.
        reduction: "mean", "sum" or "none" (one value an evaluation node, zero where it is left out).
        divide_again: divide by the number of evaluation nodes once more, as the reference code does.

    ``left_out`` holds, after each call, the share of evaluation nodes that were left out, as a tensor.
    ``section`` is entered as ``section("graph")`` and ``section("propagation")`` around the two parts.
    """

    def __init__(
        self,
        sigma: float = 0.5,
        labeled_fraction: float = 0.7,
        transition: str = "stochastic",
        objective: str = "nll",
        class_weights: Tensor | None = None,
        stratified: bool = False,
        reduction: str = "mean",
        divide_again: bool = False,
    ):
        super().__init__()
        if not sigma > 0 or not math.isfinite(sigma):
            raise ValueError(f"sigma: {sigma} is not a positive number")
        if not 0 < labeled_fraction < 1:
            raise ValueError(f"labeled_fraction: {labeled_fraction} is not between 0 and 1")
        _one_of("transition", transition, TRANSITIONS)
        _one_of("objective", objective, ("nll", "softmax"))
        _one_of("reduction", reduction, ("mean", "sum", "none"))
        self.sigma, self.labeled_fraction, self.transition = sigma, labeled_fraction, transition
        self.objective, self.stratified = objective, stratified
        self.reduction, self.divide_again = reduction, divide_again
        self.register_buffer("class_weights", class_weights)
        self.left_out: Tensor | None = None
        self.section: Callable[[str], AbstractContextManager] = nullcontext

    def forward(
        self,
        embeddings: Tensor,
        labels: Tensor,
        labeled: Tensor | None = None,
        num_classes: int | None = None,
    ) -> Tensor:
        """embeddings: (B, d) float, any scale; labels: (B,) int64; labeled: (B,) bool, True where the label is
        kept, drawn with torch's generator where it is not given; num_classes: C, else taken from the labels
        (which on an accelerator waits for it). Returns a scalar, or (evaluation nodes,) without reduction, in
        the precision of the embeddings and at least float32.
        """
        _check_shapes(embeddings, labels, labeled)
        num_classes = self._count_classes(labels, num_classes)
        if labeled is None:
            hidden, kept = draw_split(labels, self.labeled_fraction, self.stratified)
        else:
            hidden, kept = (~labeled).nonzero().squeeze(1), labeled.nonzero().squeeze(1)
            if len(kept) == 0 and len(embeddings) > 1:
                raise ValueError("labeled: at least one document must keep its label")
        dtype = torch.promote_types(embeddings.dtype, torch.float32)
        if len(hidden) == 0 or len(kept) == 0:  # nothing to predict, or nothing to predict it from
            self.left_out = embeddings.new_zeros(())
            nothing = embeddings.to(dtype).sum() * 0
            return nothing.expand(len(hidden)) if self.reduction == "none" else nothing
        with torch.autocast(embeddings.device.type, enabled=False):
            with self.section("graph"):
                log_t = log_transition(log_affinity(embeddings, self.sigma), self.transition)
            with self.section("propagation"):
                log_y = log_propagated(log_t, labels, hidden, kept, num_classes, self.transition)
            return self._compare(log_y, labels[hidden], labels[kept]).to(dtype)

    def _compare(self, log_y: Tensor, truth: Tensor, known: Tensor) -> Tensor:
        """log_y: (u, C); truth: (u,) classes of the evaluation nodes; known: (l,) those of the labeled ones."""
        weights = log_y.new_ones(len(truth))
        if self.class_weights is not None:
            weights = self.class_weights.to(log_y.dtype)[truth]
        reachable = torch.isin(truth, known)
        self.left_out = 1 - reachable.double().mean()
        if self.objective == "softmax":
            losses = F.cross_entropy(log_y.exp(), truth, reduction="none")
        else:
            # pick the true class before anything else: an absent class has -inf, whose gradient is NaN
            picked = log_y.gather(1, truth[:, None]).squeeze(1)
            losses = -torch.where(reachable, picked, torch.zeros_like(picked))
            weights = weights * reachable
        losses = losses * weights
        if self.divide_again:
            losses = losses / len(truth)
        if self.reduction == "none":
            return losses
        total = losses.sum()
        if self.reduction == "sum":
            return total
        # where all are left out the sum is a zero that still backpropagates
        weight = weights.sum()
        return total / torch.where(weight > 0, weight, torch.ones_like(weight))

    def _count_classes(self, labels: Tensor, num_classes: int | None) -> int:
        if num_classes is None:
            num_classes = int(labels.max()) + 1 if len(labels) else 0
        elif (
            labels.device.type == "cpu"
            and len(labels)
            and not 0 <= int(labels.min()) <= int(labels.max()) < num_classes
        ):
            raise ValueError(f"labels: {int(labels.min())} to {int(labels.max())} do not lie in 0 to {num_classes - 1}")
        if self.class_weights is not None:
            if len(self.class_weights) < num_classes:
                raise ValueError(f"class_weights: {len(self.class_weights)} weights for {num_classes} classes")
            num_classes = len(self.class_weights)
        return num_classes

    def extra_repr(self) -> str:
        return (
            f"sigma={self.sigma}, labeled_fraction={self.labeled_fraction}, transition={self.transition!r}, "
            f"objective={self.objective!r}, stratified={self.stratified}, reduction={self.reduction!r}"
        )


LOSS = GLoss


def number_kept(batch_size: int, labeled_fraction: float) -> int:
    """How many of a batch keep their label: min(max(1, ceil(gamma B)), B - 1)."""
    exact = math.ceil(round(labeled_fraction * batch_size, 9))  # 0.07 * 100 is 7.000000000000001
    return min(max(1, exact), batch_size - 1)


def draw_split(labels: Tensor, labeled_fraction: float, stratified: bool = False) -> tuple[Tensor, Tensor]:
    """Positions of the hidden and of the kept documents of a batch, drawn with torch's default generator.

    labels: (B,). Returns (hidden, kept), each in the order of the batch, on the labels' device. The draw itself
    is made on the CPU, so that it is the same on every device.
    """
    order = torch.randperm(len(labels)).to(labels.device, non_blocking=True)
    if stratified:
        by_class = torch.argsort(labels[order], stable=True)
        grouped = labels[order][by_class]
        first_of_class = torch.ones_like(grouped, dtype=torch.bool)
        first_of_class[1:] = grouped[1:] != grouped[:-1]
        leads = torch.empty_like(first_of_class)
        leads[by_class] = first_of_class
        order = order[torch.argsort(~leads, stable=True)]
    kept = number_kept(len(labels), labeled_fraction)
    return order[kept:].sort().values, order[:kept].sort().values


def _one_of(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ValueError(f"{name}: {value!r} is not one of {', '.join(choices)}")


def _check_shapes(embeddings: Tensor, labels: Tensor, labeled: Tensor | None) -> None:
    if embeddings.ndim != 2 or not embeddings.is_floating_point():
        raise ValueError(f"embeddings: expected float (B, d), found {embeddings.dtype} {tuple(embeddings.shape)}")
    if labels.shape != embeddings.shape[:1]:
        raise ValueError(f"labels: expected ({len(embeddings)},), found {tuple(labels.shape)}")
    if labeled is not None and (labeled.shape != labels.shape or labeled.dtype != torch.bool):
        raise ValueError(f"labeled: expected bool ({len(labels)},), found {labeled.dtype} {tuple(labeled.shape)}")
