"""G-Loss together with the losses of pytorch-metric-learning, which are called in the same way."""

from glossbench.losses import GLoss
from pytorch_metric_learning.losses import TripletMarginLoss
from pytorch_metric_learning.miners import MultiSimilarityMiner


def mixed_loss(embeddings, labels, weight=0.7):
    """Weighted sum of G-Loss and a triplet loss on mined triplets. embeddings: (B, d); labels: (B,)."""
    mined = MultiSimilarityMiner()(embeddings, labels)
    return weight * GLoss(sigma=0.5)(embeddings, labels) + (1 - weight) * TripletMarginLoss()(embeddings, labels, mined)
