"""G-Loss as a loss of pytorch-metric-learning (2.9 or newer), which must be installed."""

import inspect
from typing import Any

import torch
from pytorch_metric_learning import losses
from torch import Tensor

from glossbench.losses import GLoss
from glossbench.losses.memory import Memory

__all__ = ["CrossBatchMemory", "GraphLoss"]


class GraphLoss(losses.BaseMetricLossFunction):  # type: ignore[misc]
    """G-Loss whose reference embeddings are further nodes of the graph, which keep their label.

    With the default reducer, the mean, the value is that of ``GLoss``. A reference that equals an embedding of the
    batch to the last bit is the same document and is left out, since its copy would tell its label. Pairs and
    triplets of a miner are not used: a graph has none.

    Args:
        settings: Arguments of ``GLoss`` but ``reduction``, ``gather`` and ``memory``, and of
            ``BaseMetricLossFunction``.

    Example:
        >>> loss = CrossBatchMemory(GraphLoss(neighbors=40), embedding_size=384, memory_size=512)
    """

    def __init__(self, **settings: Any):
        own = (inspect.signature(GLoss).parameters.keys() - {"reduction", "gather", "memory"}) & settings.keys()
        super().__init__(**{name: value for name, value in settings.items() if name not in own})
        self.gloss = GLoss(reduction="none", **{name: settings[name] for name in own})

    def compute_loss(
        self, embeddings: Tensor, labels: Tensor, indices_tuple: Any, ref_emb: Tensor, ref_labels: Tensor
    ) -> dict[str, dict[str, Any]]:
        """Losses of the evaluation nodes, which the reducer takes the mean of."""
        others = not_among(embeddings, ref_emb)
        if self.gloss.ignore_index is not None:
            others &= ref_labels != self.gloss.ignore_index
        self.gloss.past.embeddings, self.gloss.past.labels = ref_emb[others], ref_labels[others]
        try:
            values = self.gloss(embeddings, labels)
        finally:
            self.gloss.past = Memory()
        weights = self.gloss.last_weights
        if weights is None or not bool((counted := weights > 0).any()):
            return {"loss": {"losses": values.sum(), "indices": None, "reduction_type": "already_reduced"}}
        values = (values[counted] / weights[counted].mean()).to(embeddings.dtype)
        hidden = self.gloss.last_split[0][counted]  # type: ignore[index]
        return {"loss": {"losses": values, "indices": hidden, "reduction_type": "element"}}


class CrossBatchMemory(losses.CrossBatchMemory):  # type: ignore[misc]
    """That of pytorch-metric-learning, which takes losses of some names alone, with ``GraphLoss`` among them."""

    @staticmethod
    def supported_losses() -> list[str]:
        """Names of the losses that it takes."""
        return [*losses.CrossBatchMemory.supported_losses(), "GraphLoss"]


def not_among(embeddings: Tensor, others: Tensor) -> Tensor:
    """Whether each row of others (M, d) differs from all embeddings (B, d). Returns (M,) bool."""
    _, row = torch.unique(torch.cat([embeddings, others]), dim=0, return_inverse=True)
    return ~torch.isin(row[len(embeddings) :], row[: len(embeddings)])
