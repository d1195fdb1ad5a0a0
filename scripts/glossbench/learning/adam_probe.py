"""The probe of the reference code (D10): a linear layer after a few steps of full-batch Adam."""

import numpy as np
import torch
import torch.nn.functional as F

from glossbench.learning.class_weights import balanced_weights
from glossbench.learning.metrics import macro_f1
from glossbench.learning.stopping import EarlyStopping

LEARNING_RATE, STEPS, PATIENCE = 1e-4, 50, 10


class AdamProbe:
    """A linear classifier.

    Args:
        weights: (C, d).
        bias: (C,).
    """

    def __init__(self, weights: np.ndarray, bias: np.ndarray):
        self.weights, self.bias = weights, bias

    def predict(self, embeddings: np.ndarray) -> np.ndarray:
        """Classes (N,) of embeddings (N, d)."""
        return (embeddings @ self.weights.T + self.bias).argmax(axis=1)


def fit_adam_probe(
    train: tuple[np.ndarray, np.ndarray],
    validation: tuple[np.ndarray, np.ndarray],
    balanced: bool = True,
    tested_step: str = "last",
    seed: int = 0,
) -> AdamProbe:
    """Fit a linear layer with cross-entropy, by at most 50 full-batch steps of Adam with a learning rate of 1e-4.

    Stops early with a patience of 10 steps on the macro-F1 of validation.

    Args:
        train: embeddings (N, d) and labels (N,), labels from 0.
        validation: the same, to stop and to choose the step.
        balanced: weight each class c by N / (C N_c) in the loss.
        tested_step: "best", the step with the best macro-F1 on validation, or "last", as in the reference code (D20).
        seed: seed of the layer's initial weights.

    Returns:
        The probe of the best or of the last step.
    """
    torch.manual_seed(seed)
    embeddings, labels = torch.from_numpy(train[0]).float(), torch.from_numpy(train[1]).long()
    classes = int(max(train[1].max(), validation[1].max())) + 1
    layer = torch.nn.Linear(embeddings.shape[1], classes)
    optimizer = torch.optim.Adam(layer.parameters(), lr=LEARNING_RATE)
    weights = balanced_weights(labels, classes) if balanced else None
    stopping = EarlyStopping(PATIENCE)
    tested = None
    for _ in range(STEPS):
        optimizer.zero_grad()
        F.cross_entropy(layer(embeddings), labels, weight=weights).backward()
        optimizer.step()
        probe = AdamProbe(layer.weight.detach().numpy().copy(), layer.bias.detach().numpy().copy())
        if stopping.update(macro_f1(validation[1], probe.predict(validation[0]))) or tested_step == "last":
            tested = probe
        if stopping.stop:
            break
    return tested
