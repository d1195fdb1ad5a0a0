"""G-Loss together with the losses of pytorch-metric-learning, and as one of them: needs pytorch-metric-learning.

python examples/metric_learning.py
"""

import torch
from glossbench.losses import GLoss
from glossbench.metric_learning import CrossBatchMemory, GraphLoss
from pytorch_metric_learning.losses import TripletMarginLoss
from pytorch_metric_learning.miners import MultiSimilarityMiner


def mixed_loss(embeddings, labels, weight=0.7):
    """Weighted sum of G-Loss and a triplet loss on mined triplets. embeddings: (B, d); labels: (B,)."""
    mined = MultiSimilarityMiner()(embeddings, labels)
    return weight * GLoss(neighbors=40)(embeddings, labels) + (1 - weight) * TripletMarginLoss()(
        embeddings, labels, mined
    )


def loss_with_memory(dimension, size=512):
    """A loss whose graph has the last ``size`` documents, called with embeddings (B, dimension) and labels (B,)."""
    return CrossBatchMemory(GraphLoss(neighbors=40), embedding_size=dimension, memory_size=size)


if __name__ == "__main__":
    labels = torch.arange(512) % 4
    embeddings = torch.randn(4, 32)[labels] + torch.randn(512, 32)
    print(f"mixed: {mixed_loss(embeddings, labels):.2f}")
    with_memory = loss_with_memory(32)
    parts = zip(embeddings.split(128), labels.split(128), strict=True)
    print("with a memory:", [round(with_memory(*part).item(), 2) for part in parts])
