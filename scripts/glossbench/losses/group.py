"""Group Loss (Elezi et al. 2020): the classifier's probabilities, refined by the similarities within a mini-batch."""

from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from glossbench.arguments import (
    check_batch,
    check_count,
    check_mask,
    check_positive,
    check_range,
    check_tensor,
    scaled_rows,
)
from glossbench.transfer import lacks_float64, to_device

# Added to a probability before its logarithm, as in the published code.
OFFSET = 1e-12
# A row whose largest entry is 1 and whose deviations from its mean are shorter than this is constant.
CONSTANT = 1e-10


class GroupLoss(nn.Module):
    """Mean over all documents of -log(X[true class] + 1e-12), where X are the refined class probabilities.

    X starts as softmax(logits / temperature); the rows of the anchors are replaced by their one-hot labels. Each
    iteration replaces X by X * (W X), rows divided by their sums (replicator dynamics), where W_ij is the Pearson
    correlation of the embeddings of documents i and j, or 0 if that is negative, and W_ii = 1. The published loss
    adds cross-entropy on the same logits, which is not included here.

    An anchor keeps its label, so its own term is zero: it only draws others to its class. In a uniformly drawn batch a
    class with no more documents than ``anchors_per_class``, such as one with a single document, consists of anchors
    and has no other term; cross-entropy alone trains on it.

    Args:
        iterations: Number of refinements n, >= 1; the published code does one.
        anchors_per_class: Number of anchors k per class, >= 0; a class with fewer documents in the batch has all of
            them as anchors.
        temperature: T, > 0.

    Raises:
        ValueError: If an argument is out of range.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"logits", "num_classes"})
    check = True  # raise where embeddings are not finite; see protocol.py

    def __init__(self, iterations: int = 1, anchors_per_class: int = 2, temperature: float = 10.0):
        super().__init__()
        check_count("iterations", iterations, least=1)
        check_count("anchors_per_class", anchors_per_class)
        check_positive("temperature", temperature)
        self.iterations, self.anchors_per_class = int(iterations), int(anchors_per_class)  # a search gives 2.0
        self.temperature = temperature

    def forward(
        self,
        embeddings: Tensor,
        labels: Tensor,
        logits: Tensor,
        num_classes: int | None = None,
        anchors: Tensor | None = None,
    ) -> Tensor:
        """Group Loss of a batch.

        Args:
            embeddings: (B, d) float, any scale.
            labels: (B,) whole numbers.
            logits: (B, C) float.
            num_classes: C, to check the logits against.
            anchors: (B,) bool; by default drawn with torch's generator.

        Returns:
            A scalar, in the precision of the embeddings but at least float32.

        Raises:
            TypeError: If an argument is not a tensor.
            ValueError: If shapes, types or labels do not fit together, or embeddings on the CPU are not finite.
        """
        labels = check_batch(embeddings, labels, finite=self.check)
        check_tensor("logits", logits)
        classes = logits.shape[-1] if num_classes is None else num_classes
        if logits.shape != (len(labels), classes):
            raise ValueError(f"logits: expected ({len(labels)}, {classes}), found {tuple(logits.shape)}")
        check_range(labels, classes)
        if anchors is None:
            anchors = draw_anchors(labels, self.anchors_per_class)
        else:
            check_mask("anchors", anchors, len(labels))
        if lacks_float64(embeddings.device):
            found = self.forward(embeddings.cpu(), labels.cpu(), logits.cpu(), num_classes, anchors.cpu())
            return found.to(embeddings.device)
        with torch.autocast(embeddings.device.type, enabled=False):
            start = torch.softmax(logits.double() / self.temperature, dim=1)
            start = torch.where(anchors[:, None], F.one_hot(labels, classes).double(), start)
            refined = refine(start, correlations(embeddings), self.iterations)
            true_class = refined.gather(1, labels[:, None]).squeeze(1)
            loss = -(true_class + OFFSET).log().sum() / max(len(labels), 1)
        return loss.to(torch.promote_types(embeddings.dtype, torch.float32))

    def extra_repr(self) -> str:
        return (
            f"iterations={self.iterations}, anchors_per_class={self.anchors_per_class}, temperature={self.temperature}"
        )


def draw_anchors(labels: Tensor, per_class: int) -> Tensor:
    """Draw the anchors of a batch, with torch's default generator on the CPU, so that every device has the same.

    Args:
        labels: (B,) int64.
        per_class: Number of anchors of each class, as far as it has documents.

    Returns:
        (B,) bool, on the labels' device.
    """
    order = to_device(torch.randperm(len(labels), device="cpu"), labels.device)
    shuffled = labels.gather(0, order)  # labels[order] fails with torch.compile (torch 2.13)
    before = (shuffled[:, None] == shuffled[None, :]).tril(diagonal=-1).sum(dim=1)  # of the same class
    return torch.empty_like(before, dtype=torch.bool).scatter(0, order, before < per_class)


def correlations(embeddings: Tensor) -> Tensor:
    """Pearson correlations between rows, negative ones replaced by 0. (B, d) -> (B, B) float64, 1 on the diagonal.

    A constant row, whose correlations do not exist, has 0 with the others and no gradient.
    """
    rows = scaled_rows(embeddings.double())
    rows = rows - rows.mean(dim=1, keepdim=True)
    spread = torch.linalg.vector_norm(rows, dim=1, keepdim=True)
    rows = torch.where(spread > CONSTANT, rows / torch.where(spread > CONSTANT, spread, 1), 0)
    itself = torch.eye(len(rows), dtype=torch.bool, device=rows.device)
    return torch.where(itself, 1, (rows @ rows.T).clamp(min=0))


def refine(start: Tensor, similarities: Tensor, iterations: int) -> Tensor:
    """Class probabilities after some steps of replicator dynamics.

    Args:
        start: (B, C), rows sum to one.
        similarities: (B, B), >= 0, with 1 on the diagonal. Each row of X * (W X) thus has a sum of at least 1 / C.
        iterations: Number of steps.

    Returns:
        (B, C), rows sum to one.
    """
    refined = start
    for _ in range(iterations):
        supported = refined * (similarities @ refined)
        refined = supported / supported.sum(dim=1, keepdim=True)
    return refined


LOSS = GroupLoss
