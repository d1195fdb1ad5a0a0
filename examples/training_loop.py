"""G-Loss in a plain training loop, with any model that returns embeddings: needs torch alone.

python examples/training_loop.py
"""

import torch
from glossbench.losses import GLoss


def fine_tune(model, batches, epochs=1, learning_rate=2e-5, neighbors=40):
    """Train a model in place.

    Args:
        model: called with tokens, returns embeddings (B, d).
        batches: pairs of tokens and labels (B,).
        epochs: passes over the batches.
        learning_rate: of Adam.
        neighbors: effective neighbours of a document in its batch.

    Returns:
        The loss of each step.
    """
    loss_fn = GLoss(neighbors=neighbors)
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


if __name__ == "__main__":
    labels = torch.arange(512) % 4
    documents = torch.randn(4, 32)[labels] + torch.randn(512, 32)
    batches = list(zip(documents.split(128), labels.split(128), strict=True))
    print([round(value, 2) for value in fine_tune(torch.nn.Linear(32, 16), batches, epochs=5, learning_rate=1e-2)])
