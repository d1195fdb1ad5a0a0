"""G-Loss in a plain training loop, with any model that returns embeddings."""

import torch
from glossbench.losses import GLoss


def fine_tune(model, batches, epochs=1, learning_rate=2e-5):
    """Train a model in place.

    Args:
        model: called with tokens, returns embeddings (B, d).
        batches: pairs of tokens and labels (B,).
        epochs: passes over the batches.
        learning_rate: of Adam.

    Returns:
        The loss of each step.
    """
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
