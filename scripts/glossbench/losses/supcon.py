"""Supervised contrastive loss (Khosla et al. 2020), computed by pytorch-metric-learning."""

import torch
from torch import Tensor, nn

from glossbench.arguments import scaled_rows


class SupConLoss(nn.Module):
    """Mean over anchors i of -1/|P(i)| sum_{p in P(i)} log(exp(z_i.z_p / tau) / sum_{a != i} exp(z_i.z_a / tau)).

    P(i) are the other documents of the class of i. Embeddings are scaled to unit norm. An anchor without a positive
    counts as zero in the mean. A batch with a single class gives zero, as in the library.

    Args:
        temperature: tau, > 0.
        base_temperature: the loss is multiplied by tau over this value, > 0; the reference code uses 0.07 (D7).
            None does not multiply it.

    Raises:
        ValueError: if an argument is not positive.
    """

    def __init__(self, temperature: float = 0.07, base_temperature: float | None = None):
        from pytorch_metric_learning import losses, reducers  # takes a second, and other losses do not need it

        super().__init__()
        if not temperature > 0:
            raise ValueError(f"temperature: {temperature} is not a positive number")
        if base_temperature is not None and not base_temperature > 0:
            raise ValueError(f"base_temperature: {base_temperature} is not a positive number")
        self.temperature = temperature
        self.scale = 1.0 if base_temperature is None else temperature / base_temperature
        self.loss = losses.SupConLoss(temperature=temperature, reducer=reducers.MeanReducer())

    def forward(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        """Supervised contrastive loss of a batch.

        Args:
            embeddings: (B, d) float, any scale.
            labels: (B,) int64.

        Returns:
            A scalar, at least float32.
        """
        with torch.autocast(embeddings.device.type, enabled=False):
            rows = scaled_rows(embeddings.to(torch.promote_types(embeddings.dtype, torch.float32)))
            return self.scale * self.loss(rows, labels)


LOSS = SupConLoss
