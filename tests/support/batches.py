"""Mini-batches drawn at random, a model that embeds them, and G-Loss on them by loops."""

import math

import numpy as np
import torch
from glossbench.graph import log_affinity, log_transition


def batch(seed, n, dimension=8, classes=3, share=0.6, duplicates=0):
    """Random embeddings (n, d), labels, and a mask with at least one document with and one without its label."""
    generator = torch.Generator().manual_seed(seed)
    embeddings = torch.randn(n, dimension, generator=generator, dtype=torch.float64)
    if duplicates:
        embeddings[1 : 1 + duplicates] = embeddings[0]
    labels = torch.randint(0, classes, (n,), generator=generator)
    kept = min(max(1, round(share * n)), n - 1)
    labeled = torch.zeros(n, dtype=torch.bool)
    labeled[torch.randperm(n, generator=generator)[:kept]] = True
    return embeddings, labels, labeled


def system(embeddings, labels, labeled, classes, sigma, transition):
    """The arguments of both methods of propagation."""
    log_t = log_transition(log_affinity(embeddings, sigma), transition)
    hidden, kept = (~labeled).nonzero().squeeze(1), labeled.nonzero().squeeze(1)
    return log_t, labels, hidden, kept, classes, transition


def plain_loss(embeddings, labels, labeled, sigma, weights=None):
    """L_G by loops in numpy, following the steps of the paper, with rows normalised after the columns."""
    x = np.array([row / np.linalg.norm(row) for row in embeddings.numpy()])
    n = len(x)
    w = np.array([[math.exp(-((one - other) ** 2).sum() / (2 * sigma**2)) for other in x] for one in x]) - np.eye(n)
    a = np.array([[w[i, j] / math.sqrt(w[i].sum() * w[j].sum()) for j in range(n)] for i in range(n)])
    t = a / a.sum(axis=0, keepdims=True)
    t = t / t.sum(axis=1, keepdims=True)
    hidden = [i for i in range(n) if not labeled[i]]
    kept = [i for i in range(n) if labeled[i]]
    y = np.eye(int(labels.max()) + 1)[labels.numpy()[kept]]
    answer = np.linalg.inv(np.eye(len(hidden)) - t[np.ix_(hidden, hidden)]) @ t[np.ix_(hidden, kept)] @ y
    total = weight = 0.0
    for row, i in enumerate(hidden):
        if labels[i] in labels[kept]:
            own = 1.0 if weights is None else float(weights[labels[i]])
            total, weight = total - own * math.log(answer[row, labels[i]]), weight + own
    return total / weight


class Embedder(torch.nn.Module):
    """A linear model, as sentence-transformers calls one."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.linear = torch.nn.Linear(8, 5).double()

    def forward(self, features):
        return {"sentence_embedding": self.linear(features["input_ids"])}
