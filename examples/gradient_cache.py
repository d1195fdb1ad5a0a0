"""G-Loss on the graph of a large batch, in the memory of a small one, in a plain training loop: needs torch alone.

python examples/gradient_cache.py
"""

import torch
from glossbench.losses import GLoss
from torch.utils.checkpoint import checkpoint


def embed(model, parts):
    """Embeddings of a batch that keep no activations.

    The backward pass computes those of one part after the other again, with the same dropout. With
    DistributedDataParallel, wrap a module whose ``forward`` is this function, not the model that it calls.

    Args:
        model: called with the tokens of a part, returns embeddings (b, d).
        parts: the tokens of the batch in parts that fit in memory.

    Returns:
        Embeddings (B, d) of all parts.
    """
    return torch.cat([checkpoint(model, tokens, use_reentrant=False) for tokens in parts])


def step(model, optimizer, parts, labels):
    """One optimiser step on the graph of all parts. labels: (B,), in the order of the parts. Returns the loss."""
    loss = GLoss(neighbors=min(40, len(labels) // 3))(embed(model, parts), labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


if __name__ == "__main__":
    model, labels = torch.nn.Linear(32, 16), torch.arange(512) % 4
    documents = torch.randn(4, 32)[labels] + torch.randn(512, 32)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    print([round(step(model, optimizer, documents.split(64), labels), 2) for _ in range(10)])
