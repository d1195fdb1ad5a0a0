"""Cosine-similarity loss over all pairs of a batch."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from glossbench.arguments import check_batch, scaled_rows


class CosineSimilarityLoss(nn.Module):
    """Mean over the pairs i < j of (cos(z_i, z_j) - [y_i = y_j])^2.

    Not taken from pytorch-metric-learning, whose contrastive loss has a margin and is linear in the similarity.
    """

    check = True  # raise where embeddings are not finite; see protocol.py

    def forward(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        """Cosine-similarity loss of a batch.

        Args:
            embeddings: (B, d) float, any scale.
            labels: (B,) whole numbers.

        Returns:
            A scalar, at least float32; zero without pairs.

        Raises:
            TypeError: If an argument is not a tensor.
            ValueError: If shapes or types do not fit together, or embeddings on the CPU are not finite.
        """
        labels = check_batch(embeddings, labels, finite=self.check)
        with torch.autocast(embeddings.device.type, enabled=False):
            unit = F.normalize(scaled_rows(embeddings.to(torch.promote_types(embeddings.dtype, torch.float32))), dim=1)
            target = (labels[:, None] == labels[None, :]).to(unit.dtype)
            errors = (unit @ unit.T - target).square().triu(diagonal=1)
            pairs = len(labels) * (len(labels) - 1) // 2
            return errors.sum() / max(pairs, 1)


LOSS = CosineSimilarityLoss
