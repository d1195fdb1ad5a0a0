"""G-Loss in a training loop of one's own: any model that gives embeddings, any optimiser."""

import torch
from glossbench.losses import GLoss


def fine_tune(model, batches, epochs=1, learning_rate=2e-5):
    """model: tokens -> embeddings (B, d). batches: (tokens, labels (B,)) pairs. Returns each step's loss."""
    loss_fn = GLoss(sigma=0.5, labeled_fraction=0.7)
    optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate)
    history = []
    for _ in range(epochs):
        for tokens, labels in batches:
            loss = loss_fn(model(tokens), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            history.append(loss.item())
    return history
