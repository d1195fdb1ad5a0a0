"""Batch-all triplet loss, computed without a list of the triplets."""

import torch
from torch import Tensor, nn

from glossbench.arguments import check_batch, check_choice, check_positive

AVERAGES = ("positive", "all")


class TripletLoss(nn.Module):
    """Mean of max(0, d(a, p) - d(a, n) + margin) over triplets of a batch.

    The anchor a and the positive p are two documents of one class, the negative n is a document of another class,
    and d is the Euclidean distance between embeddings, which are not normalised. pytorch-metric-learning lists all
    triplets, which takes about 16 GiB at B = 512 with two classes. Here the negatives of each anchor are sorted and
    summed once, in O(B^2 (d + log B)) time and O(B^2) memory.

    Args:
        margin: The distance alpha by which negatives should be farther away, > 0.
        squared: Use squared distances, as in the paper's formula; the reference code uses plain ones (D6).
        average: Triplets that the mean is over, "positive", those for which the term is positive, as in the
            reference code, or "all" (D6).

    Raises:
        ValueError: If an argument is out of range or not one of its values.
    """

    check = True  # raise where embeddings are not finite; see protocol.py

    def __init__(self, margin: float = 5.0, squared: bool = False, average: str = "positive"):
        super().__init__()
        check_positive("margin", margin)
        check_choice("average", average, AVERAGES)
        self.margin, self.squared, self.average = margin, squared, average

    def forward(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        """Triplet loss of a batch.

        Args:
            embeddings: (B, d) float.
            labels: (B,) whole numbers.

        Returns:
            A scalar, at least float32; zero without triplets of positive loss.

        Raises:
            TypeError: If an argument is not a tensor.
            ValueError: If shapes or types do not fit together, or embeddings on the CPU are not finite.
        """
        labels = check_batch(embeddings, labels, finite=self.check)
        with torch.autocast(embeddings.device.type, enabled=False):
            embeddings = embeddings.to(torch.promote_types(embeddings.dtype, torch.float32))
            distance = _distances(embeddings, self.squared)  # (B, B)
            same = labels[:, None] == labels[None, :]
            itself = torch.eye(len(labels), dtype=torch.bool, device=labels.device)
            negatives = distance.masked_fill(same, torch.inf).sort(dim=1).values  # (B, B), positives last
            prefix = torch.where(negatives.isinf(), 0, negatives).cumsum(dim=1)
            prefix = torch.cat([prefix.new_zeros(len(labels), 1), prefix], dim=1)  # (B, B + 1)
            reach = distance + self.margin
            # number of negatives of anchor a that are closer than d(a, p) + margin
            closer = torch.searchsorted(negatives.detach(), reach.detach())  # (B, B)
            closer = closer.masked_fill(~same | itself, 0)
            total = (closer * reach - prefix.gather(1, closer)).sum()
            positives = same.sum(dim=1) - 1
            triplets = closer.sum() if self.average == "positive" else (positives * (~same).sum(dim=1)).sum()
            return total / triplets.clamp(min=1)


def _distances(embeddings: Tensor, squared: bool) -> Tensor:
    # From differences, since a matrix product loses the digits of small distances. The gradient at zero is zero.
    distance = torch.cdist(embeddings, embeddings, compute_mode="donot_use_mm_for_euclid_dist")
    return distance.square() if squared else distance


LOSS = TripletLoss
