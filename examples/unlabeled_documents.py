"""G-Loss beside cross-entropy where half of each batch has no label: needs torch alone.

python examples/unlabeled_documents.py
"""

import torch
import torch.nn.functional as F
from glossbench import GLoss

WITHOUT_LABEL = -100


def fine_tune(model, classifier, batches, epochs=1, weight=0.5, neighbors=40, learning_rate=2e-5):
    """Train a model and a classifier in place.

    Args:
        model: called with tokens, returns embeddings (B, d).
        classifier: called with embeddings, returns logits (B, C).
        batches: pairs of tokens and labels (B,), -100 where a document has none.
        epochs: passes over the batches.
        weight: of G-Loss; that of cross-entropy is 1 - weight.
        neighbors: effective neighbours of a document, with or without label.
        learning_rate: of Adam.

    Returns:
        The loss of each step.
    """
    loss_fn = GLoss(neighbors=neighbors, ignore_index=WITHOUT_LABEL)
    optimizer = torch.optim.Adam([*model.parameters(), *classifier.parameters()], lr=learning_rate)
    history = []
    for _ in range(epochs):
        for tokens, labels in batches:
            embeddings = model(tokens)
            # not reduction="mean", which is NaN for a batch in which no document has a label
            logits, known = classifier(embeddings), (labels != WITHOUT_LABEL).sum().clamp(min=1)
            cross_entropy = F.cross_entropy(logits, labels, ignore_index=WITHOUT_LABEL, reduction="sum") / known
            loss = (1 - weight) * cross_entropy + weight * loss_fn(embeddings, labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            history.append(loss.item())
    return history


def main():
    torch.manual_seed(0)
    labels = torch.arange(512) % 4
    documents = 2 * torch.randn(4, 32)[labels] + torch.randn(512, 32)
    half = torch.where(torch.arange(512) % 8 < 4, labels, WITHOUT_LABEL)
    order = torch.randperm(512)
    batches = list(zip(documents[order].split(128), half[order].split(128), strict=True))
    model, classifier = torch.nn.Linear(32, 16), torch.nn.Linear(16, 4)
    history = fine_tune(model, classifier, batches, epochs=20, learning_rate=1e-2)
    right = classifier(model(documents)).argmax(dim=1) == labels
    print(f"loss {history[0]:.2f} -> {history[-1]:.2f}")
    print(f"right of those without a label: {right[half == WITHOUT_LABEL].double().mean():.2f}")


if __name__ == "__main__":
    main()
