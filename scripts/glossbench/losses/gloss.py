"""G-Loss: how well labels hidden within a mini-batch are recovered by propagation over the graph of the batch."""

import math
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from glossbench.arguments import (
    check_choice,
    check_embeddings,
    check_mask,
    check_range,
    check_sigma,
    class_labels,
)
from glossbench.graph import TRANSITIONS, is_in, log_affinity, log_propagated, log_transition
from glossbench.losses.protocol import Timer, timed
from glossbench.transfer import to_device

CRITERIA = ("nll", "softmax")
REDUCTIONS = ("mean", "sum", "none")


class GLoss(nn.Module):
    """L_G = mean over evaluation nodes of -log Yhat[true class]: steps 1-8 of the paper's section on G-Loss.

    Evaluation nodes are the documents of a batch whose label is hidden.

    Args:
        sigma: width of the Gaussian affinity between unit-norm embeddings, > 0.
        labeled_fraction: share gamma of a batch that keeps its labels, in (0, 1).
        transition: "stochastic" (columns normalised, then rows) or "column" (columns only, as printed).
        criterion: "nll", as in the paper: evaluation nodes whose class has no labeled node in the batch are left
            out. "softmax", as in the reference code: cross-entropy with the propagated probabilities as logits;
            with transition "column" these are not probabilities and overflow at a small sigma.
        class_weights: (C,) weight of each class in the mean, or None.
        stratified: keep the label of at least one document of each class, as far as the number of labels allows.
        reduction: "mean", "sum" or "none" (one value per evaluation node, zero where it is left out).
        divide_again: divide by the number of evaluation nodes a second time, as the reference code does.

    Attributes:
        left_out: share of evaluation nodes that the last call left out, a scalar tensor; None before any call.
            ``report`` returns it as left_out_share.
        timer: None, or a function that returns a context manager; entered as ``timer("graph")`` and
            ``timer("propagation")``.

    Raises:
        ValueError: if an argument is out of range or not one of its values.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"num_classes", "class_weights"})

    def __init__(
        self,
        sigma: float = 0.5,
        labeled_fraction: float = 0.7,
        transition: str = "stochastic",
        criterion: str = "nll",
        class_weights: Tensor | None = None,
        stratified: bool = False,
        reduction: str = "mean",
        divide_again: bool = False,
    ):
        super().__init__()
        check_sigma(sigma)
        if not 0 < labeled_fraction < 1:
            raise ValueError(f"labeled_fraction: {labeled_fraction} is not between 0 and 1")
        check_choice("transition", transition, TRANSITIONS)
        check_choice("criterion", criterion, CRITERIA)
        check_choice("reduction", reduction, REDUCTIONS)
        self.sigma, self.labeled_fraction, self.transition = sigma, labeled_fraction, transition
        self.criterion, self.stratified = criterion, stratified
        self.reduction, self.divide_again = reduction, divide_again
        self.register_buffer("class_weights", class_weights)
        self.left_out: Tensor | None = None
        self.timer: Timer | None = None

    def forward(
        self,
        embeddings: Tensor,
        labels: Tensor,
        labeled: Tensor | None = None,
        num_classes: int | None = None,
        class_weights: Tensor | None = None,
    ) -> Tensor:
        """G-Loss of a batch.

        Args:
            embeddings: (B, d) float, any scale; a row of zeros has the distance 1 to all others.
            labels: (B,) whole numbers of at least 0.
            labeled: (B,) bool, True where the label is kept; by default drawn with torch's generator.
            num_classes: C; by default taken from the labels, for which the host waits for an accelerator.
            class_weights: (C,) weights of this call, instead of the constructor's.

        Returns:
            A scalar, or (evaluation nodes,) with reduction "none", in the precision of the embeddings but at least
            float32. Zero, with a gradient of zero, if there is nothing to predict or nothing to predict it from.

        Raises:
            TypeError: if an argument that is to be a tensor is none.
            ValueError: if shapes, types or labels do not fit together.
        """
        check_embeddings(embeddings)
        labels = class_labels(labels, len(embeddings))
        if labeled is not None:
            check_mask("labeled", labeled, len(embeddings))
        class_weights = self.class_weights if class_weights is None else class_weights
        labels, num_classes, absent = _count_classes(labels, num_classes, class_weights)
        if labeled is None:
            hidden, kept = draw_split(labels, self.labeled_fraction, self.stratified)
        else:
            hidden, kept = (~labeled).nonzero().squeeze(1), labeled.nonzero().squeeze(1)
            if len(kept) == 0 and len(embeddings) > 1:
                raise ValueError("labeled: at least one document must keep its label")
        dtype = torch.promote_types(embeddings.dtype, torch.float32)
        if len(hidden) == 0 or len(kept) == 0:
            self.left_out = embeddings.new_zeros(())
            nothing = (embeddings.to(dtype) * 0).sum()
            return nothing.expand(len(hidden)) if self.reduction == "none" else nothing
        with torch.autocast(embeddings.device.type, enabled=False):
            with timed(self.timer, "graph"):
                log_t = log_transition(log_affinity(embeddings, self.sigma), self.transition)
            with timed(self.timer, "propagation"):
                log_y = log_propagated(log_t, labels, hidden, kept, num_classes, self.transition)
            return self._compare(log_y, labels[hidden], labels[kept], class_weights, absent).to(dtype)

    def report(self) -> dict[str, Tensor]:
        """left_out_share: share of evaluation nodes that the last call left out."""
        return {} if self.left_out is None else {"left_out_share": self.left_out}

    def _compare(
        self, log_y: Tensor, truth: Tensor, known: Tensor, class_weights: Tensor | None, absent: int
    ) -> Tensor:
        """The loss of propagated labels. Steps 7 and 8.

        Args:
            log_y: (u, C) logarithm of the propagated labels.
            truth: (u,) classes of the evaluation nodes.
            known: (l,) classes of the labeled nodes.
            class_weights: (C,), or None.
            absent: number of further classes, whose propagated labels are zero.
        """
        weights = log_y.new_ones(len(truth))
        if class_weights is not None:
            weights = class_weights.to(log_y.dtype)[truth]
        reachable = is_in(truth, known)
        self.left_out = 1 - reachable.double().mean()
        if self.criterion == "softmax":
            scores = log_y.exp()
            if absent:  # one column with the sum of their exp(0)
                scores = torch.cat([scores, scores.new_full((len(scores), 1), math.log(absent))], dim=1)
            losses = F.cross_entropy(scores, truth, reduction="none")
        else:
            # The true class is selected first: an absent class has -inf, whose gradient is NaN.
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
        # If all nodes are left out, the sum is a zero that still has a gradient.
        weight = weights.sum()
        return total / torch.where(weight > 0, weight, torch.ones_like(weight))

    def extra_repr(self) -> str:
        return (
            f"sigma={self.sigma}, labeled_fraction={self.labeled_fraction}, transition={self.transition!r}, "
            f"criterion={self.criterion!r}, stratified={self.stratified}, reduction={self.reduction!r}"
        )


LOSS = GLoss


def number_kept(batch_size: int, labeled_fraction: float) -> int:
    """Number of documents of a batch that keep their label: min(max(1, ceil(gamma B)), B - 1)."""
    exact = math.ceil(round(labeled_fraction * batch_size, 9))  # 0.07 * 100 is 7.000000000000001
    return min(max(1, exact), batch_size - 1)


def draw_split(labels: Tensor, labeled_fraction: float, stratified: bool = False) -> tuple[Tensor, Tensor]:
    """Draw the documents of a batch that keep their label, with torch's default generator.

    The draw is made on the CPU, so that it is the same on every device.

    Args:
        labels: (B,) int64.
        labeled_fraction: share gamma of the batch that keeps its labels, in (0, 1).
        stratified: keep the label of at least one document of each class, as far as the number of labels allows.

    Returns:
        Positions of the hidden and of the kept documents, each in the order of the batch, on the labels' device.
    """
    order = to_device(torch.randperm(len(labels)), labels.device)
    if stratified:
        shuffled = labels.gather(0, order)
        by_class = torch.argsort(shuffled, stable=True)
        grouped = shuffled[by_class]
        first_of_class = grouped.diff(prepend=grouped[:1] - 1) != 0
        leads = torch.empty_like(first_of_class).scatter(0, by_class, first_of_class)
        order = order[torch.argsort(~leads, stable=True)]
    kept = number_kept(len(labels), labeled_fraction)
    return order[kept:].sort().values, order[:kept].sort().values


def _count_classes(labels: Tensor, num_classes: int | None, class_weights: Tensor | None) -> tuple[Tensor, int, int]:
    """The labels and the number of classes that the propagation uses.

    Without weights and a number of classes, the classes that are present are numbered anew, so that a large label
    takes no memory.

    Args:
        labels: (B,) int64.
        num_classes: C as given, or None.
        class_weights: (C,), or None.

    Returns:
        Labels (B,), their number of classes, and the number of classes that are left out of it; both numbers add up
        to C, which is the largest label plus one where nothing else says it.
    """
    if class_weights is not None:
        if num_classes is None:
            num_classes = int(labels.max()) + 1 if len(labels) else 0
        if len(class_weights) < num_classes:
            raise ValueError(f"class_weights: {len(class_weights)} weights for {num_classes} classes")
        check_range(labels, num_classes)
        return labels, len(class_weights), 0
    if num_classes is not None:
        check_range(labels, num_classes)
        return labels, num_classes, 0
    present, labels = labels.unique(return_inverse=True)
    if len(present) == 0:
        return labels, 0, 0
    if present[0] < 0:
        raise ValueError(f"labels: {int(present[0])} found, expected whole numbers of at least 0")
    return labels, len(present), int(present[-1]) + 1 - len(present)
