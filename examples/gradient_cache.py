"""G-Loss on the graph of a large batch, in the memory of a small one, in a plain training loop."""

import torch
from glossbench.losses import GLoss
from torch.utils.checkpoint import checkpoint


def embed(model, parts):
    """Embeddings of a batch that keep no activations.

    The backward pass computes those of one part after the other again, with the same dropout.

    Args:
        model: called with the tokens of a part, returns embeddings (b, d).
        parts: the tokens of the batch in parts that fit in memory.

    Returns:
        Embeddings (B, d) of all parts.
    """
    return torch.cat([checkpoint(model, tokens, use_reentrant=False) for tokens in parts])


def step(model, optimizer, parts, labels):
    """One optimiser step on the graph of all parts. labels: (B,), in the order of the parts. Returns the loss."""
    loss = GLoss(sigma=0.5, labeled_fraction=0.7)(embed(model, parts), labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()
