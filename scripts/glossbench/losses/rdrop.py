"""R-Drop (Liang et al. 2021): two passes through dropout must predict the same. Used by the workflow alone."""

from typing import ClassVar

import torch.nn.functional as F
from torch import Tensor, nn


class RDropLoss(nn.Module):
    """The mean of the two Kullback-Leibler divergences between the predictions of two passes through dropout.

    In training it stands beside the cross-entropy of both passes: ``(1 - weight) * cross_entropy + weight * loss`` is
    their L = L_NLL + alpha L_KL (equation 4) up to a factor, with ``alpha = 2 weight / (1 - weight)``.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"logits", "logits_again"})

    def forward(self, embeddings: Tensor, labels: Tensor, logits: Tensor, logits_again: Tensor) -> Tensor:
        """The divergence of a batch, a scalar.

        Args:
            embeddings: (B, d), not used.
            labels: (B,), not used.
            logits: (B, C).
            logits_again: (B, C), of the same documents in the second pass.
        """
        one, other = logits.log_softmax(1), logits_again.log_softmax(1)
        forth, back = (F.kl_div(a, b, log_target=True, reduction="batchmean") for a, b in ((one, other), (other, one)))
        return (forth + back) / 2


LOSS = RDropLoss
