"""Supervised contrastive loss (Khosla et al. 2020), on pytorch-metric-learning."""

import torch
from pytorch_metric_learning import losses, reducers
from torch import Tensor, nn


class SupConLoss(nn.Module):
    """Mean over anchors i of -1/|P(i)| sum_{p in P(i)} log(exp(z_i.z_p / tau) / sum_{a != i} exp(z_i.z_a / tau)).

    Embeddings are scaled to unit norm. An anchor without a positive counts as zero in the mean; a batch of a
    single class gives zero, as the library has it.

    Args:
        temperature: tau, > 0.
        base_temperature: the result is multiplied by tau over this, as the reference code does with 0.07 (D7);
            None leaves it as it is.
    """

    def __init__(self, temperature: float = 0.07, base_temperature: float | None = None):
        super().__init__()
        if not temperature > 0:
            raise ValueError(f"temperature: {temperature} is not a positive number")
        if base_temperature is not None and not base_temperature > 0:
            raise ValueError(f"base_temperature: {base_temperature} is not a positive number")
        self.temperature = temperature
        self.scale = 1.0 if base_temperature is None else temperature / base_temperature
        self.loss = losses.SupConLoss(temperature=temperature, reducer=reducers.MeanReducer())

    def forward(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        """embeddings: (B, d) float, any scale; labels: (B,) int64. Returns a scalar, at least float32."""
        with torch.autocast(embeddings.device.type, enabled=False):
            return self.scale * self.loss(embeddings.to(torch.promote_types(embeddings.dtype, torch.float32)), labels)


LOSS = SupConLoss
