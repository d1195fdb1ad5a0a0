"""Batch-all triplet loss, without listing the triplets."""

import torch
from torch import Tensor, nn


class TripletLoss(nn.Module):
    """Mean of max(0, d(a, p) - d(a, n) + margin) over the triplets of a batch where it is positive.

    a and p are two documents of one class, n is one of another; d is the Euclidean distance of raw embeddings.
    pytorch-metric-learning lists all triplets, some 16 GiB at B = 512 with two classes; here the negatives of an
    anchor are sorted once and summed by prefix, in O(B^2 (d + log B)) time and O(B^2) memory.

    Args:
        margin: the distance alpha by which negatives should be farther away, > 0.
        squared: squared distances, as in the paper's formula; the reference code takes plain ones (D6).
    """

    def __init__(self, margin: float = 5.0, squared: bool = False):
        super().__init__()
        if not margin > 0:
            raise ValueError(f"margin: {margin} is not a positive number")
        self.margin, self.squared = margin, squared

    def forward(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        """embeddings: (B, d) float; labels: (B,) int64. Returns a scalar, at least float32; zero without triplets."""
        with torch.autocast(embeddings.device.type, enabled=False):
            embeddings = embeddings.to(torch.promote_types(embeddings.dtype, torch.float32))
            distance = _distances(embeddings, self.squared)  # (B, B)
            same = labels[:, None] == labels[None, :]
            itself = torch.eye(len(labels), dtype=torch.bool, device=labels.device)
            negatives = distance.masked_fill(same, torch.inf).sort(dim=1).values  # (B, B), positives last
            prefix = torch.where(negatives.isinf(), 0, negatives).cumsum(dim=1)
            prefix = torch.cat([prefix.new_zeros(len(labels), 1), prefix], dim=1)  # (B, B + 1)
            reach = distance + self.margin
            # how many negatives of anchor a lie closer than d(a, p) + margin
            closer = torch.searchsorted(negatives.detach(), reach.detach())  # (B, B)
            closer = closer.masked_fill(~same | itself, 0)
            total = (closer * reach - prefix.gather(1, closer)).sum()
            return total / closer.sum().clamp(min=1)


def _distances(embeddings: Tensor, squared: bool) -> Tensor:
    # by differences: a matrix product loses the digits of small distances; at zero the gradient is zero
    distance = torch.cdist(embeddings, embeddings, compute_mode="donot_use_mm_for_euclid_dist")
    return distance.square() if squared else distance


LOSS = TripletLoss
