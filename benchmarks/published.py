"""A training step that works as the published code does: the baseline of the benchmark.

Written for this comparison; no line of it is the authors'. Each document is padded to 128 tokens, the encoder is
transformers' own model with its own attention and dropout, each term of the loss has a forward pass of its own, and the
graph is made in float64 by dense products and the inverse of a matrix.
"""

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from glossbench.data.documents import Documents
from torch import Tensor, nn

LENGTH = 128


def padded(documents: Documents, length: int = LENGTH) -> tuple[Tensor, Tensor]:
    """Token ids and attention mask, both (B, length); a longer document is cut."""
    ids = torch.zeros(len(documents), length, dtype=torch.int64)
    mask = torch.zeros_like(ids)
    for row, tokens in enumerate(documents.values.split(documents.lengths.tolist())):
        tokens = tokens[:length]
        ids[row, : len(tokens)] = tokens
        mask[row, : len(tokens)] = 1
    return ids, mask


def dense_graph_loss(embeddings: Tensor, labels: Tensor, sigma: float, labeled_fraction: float = 0.7) -> Tensor:
    """G-Loss of embeddings (B, d) and labels (B,) with full matrices in float64 and an inverse."""
    points = F.normalize(embeddings.double(), dim=1)
    squared = torch.cdist(points, points, compute_mode="donot_use_mm_for_euclid_dist").square()
    affinity = torch.exp(-squared / (2 * sigma**2)) * (1 - torch.eye(len(points), dtype=torch.float64))
    inverse_root = torch.diag(affinity.sum(dim=1).rsqrt())
    normalised = inverse_root @ affinity @ inverse_root
    columns = normalised / normalised.sum(dim=0, keepdim=True)
    transition = columns / columns.sum(dim=1, keepdim=True)
    order = torch.randperm(len(points))
    n_kept = math.ceil(labeled_fraction * len(points))
    kept, hidden = order[:n_kept], order[n_kept:]
    within = torch.eye(len(hidden), dtype=torch.float64) - transition[hidden][:, hidden]
    classes = F.one_hot(labels).double()
    propagated = torch.linalg.inv(within) @ transition[hidden][:, kept] @ classes[kept]
    return F.cross_entropy(propagated, labels[hidden])


def published_step(
    backbone: nn.Module, documents: Documents, num_classes: int, with_graph: bool, sigma: float
) -> Callable[[], None]:
    """A step on all documents, to be called again and again.

    Args:
        backbone: transformers' model, unchanged, in training mode.
        documents: one batch.
        num_classes: number of classes.
        with_graph: G-Loss + CE with two forward passes; else CE with one.
        sigma: width of the affinity.
    """
    ids, mask = padded(documents)
    head = nn.Linear(backbone.config.hidden_size, num_classes)
    parameters = [*backbone.parameters(), *head.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=2e-5)

    def first_token() -> Tensor:
        return backbone(input_ids=ids, attention_mask=mask).last_hidden_state[:, 0]

    def step() -> None:
        loss = F.cross_entropy(head(first_token()), documents.labels)
        if with_graph:
            loss = 0.3 * loss + 0.7 * dense_graph_loss(first_token(), documents.labels, sigma)
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        optimizer.zero_grad()

    return step
