"""Supervised contrastive loss (Khosla et al. 2020)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from glossbench.arguments import check_batch, check_positive, scaled_rows


class SupConLoss(nn.Module):
    """Mean over anchors i of -1/|P(i)| sum_{p in P(i)} log(exp(z_i.z_p / tau) / sum_{a != i} exp(z_i.z_a / tau)).

    P(i) are the other documents of the class of i. Embeddings are scaled to unit norm. An anchor without a positive
    counts as zero in the mean. A batch of a single class, or without positives, gives zero, as in
    pytorch-metric-learning, whose loss with its mean reducer this is.

    Args:
        temperature: Tau, > 0.
        base_temperature: The loss is multiplied by tau over this value, > 0; the reference code uses 0.07 (D7).
            None does not multiply it.

    Raises:
        ValueError: If an argument is not positive.
    """

    check = True  # raise where embeddings are not finite; see protocol.py

    def __init__(self, temperature: float = 0.07, base_temperature: float | None = None):
        super().__init__()
        check_positive("temperature", temperature)
        if base_temperature is not None:
            check_positive("base_temperature", base_temperature)
        self.temperature = temperature
        self.scale = 1.0 if base_temperature is None else temperature / base_temperature

    def forward(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        """Supervised contrastive loss of a batch.

        Args:
            embeddings: (B, d) float, any scale.
            labels: (B,) whole numbers.

        Returns:
            A scalar, at least float32.

        Raises:
            TypeError: If an argument is not a tensor.
            ValueError: If shapes or types do not fit together, or embeddings on the CPU are not finite.
        """
        labels = check_batch(embeddings, labels, finite=self.check)
        with torch.autocast(embeddings.device.type, enabled=False):
            rows = scaled_rows(embeddings.to(torch.promote_types(embeddings.dtype, torch.float32)))
            if len(rows) < 2:
                return (rows * 0).sum()
            # Normalised twice, so that gradients are added up in the order of the library, to the last bit.
            logits = F.normalize(rows, dim=1) @ F.normalize(rows, dim=1).T / self.temperature  # (B, B)
            logits = logits - logits.max(dim=1, keepdim=True).values.detach()
            itself = torch.eye(len(labels), dtype=torch.bool, device=labels.device)
            same = labels[:, None] == labels[None, :]
            positive = (same & ~itself).to(logits.dtype)
            log_share = logits - logits.masked_fill(itself, -torch.inf).logsumexp(dim=1, keepdim=True)
            count = positive.sum(dim=1)
            of_anchor = (positive * log_share).sum(dim=1) / count.clamp(min=1)
            comparable = (count > 0).any() & ~same.all()
            return self.scale * torch.where(comparable, -of_anchor, 0).mean()

    def extra_repr(self) -> str:
        return f"temperature={self.temperature}, scale={self.scale}"


LOSS = SupConLoss
