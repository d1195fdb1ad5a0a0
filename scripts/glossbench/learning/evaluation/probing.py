"""The linear probe that classifies frozen embeddings."""

import warnings
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from glossbench.learning.evaluation.scores import macro_f1
from glossbench.settings.training import Probe

LEARNING_RATE, STEPS, PATIENCE = 1e-4, 50, 10  # of the Adam probe
Labeled = tuple[Any, np.ndarray]  # documents as a classifier takes them, here embeddings (N, d), and labels (N,)


def fit_probe(train: Labeled, validation: Labeled, settings: Probe) -> tuple[Any, float | None]:
    """Fit the probe of a study: multinomial logistic regression on standardised embeddings, or that of ``fit_adam``.

    Args:
        train: Embeddings (N, d) and labels (N,).
        validation: The same, to choose C, or the step.
        settings: Which probe, and its options.

    Returns:
        The fitted probe, whose ``predict`` gives classes (N,), and its C, or None if it has no C.
    """
    if settings.kind == "adam":
        return fit_adam(train, validation, settings), None
    weights = "balanced" if settings.class_weights == "balanced" else None

    def make(strength: float) -> Any:
        classifier = LogisticRegression(C=strength, max_iter=settings.max_iter, class_weight=weights)
        return make_pipeline(StandardScaler(), classifier)

    return best_on_validation(make, settings.C, train, validation)


def best_on_validation(
    make: Callable[[float], Any], strengths: Iterable[float], train: Labeled, validation: Labeled
) -> tuple[Any, float]:
    """The classifier with the best macro-F1 on validation, the one with the smallest C among equals; and its C.

    Args:
        make: Makes a classifier with a given C, the inverse of the L2 regularisation.
        strengths: Values of C to choose from.
        train: What each is fitted on.
        validation: What they are compared on, also where a solver did not converge.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        fitted = {strength: make(strength).fit(*train) for strength in sorted(strengths)}
    best = max(fitted, key=lambda strength: macro_f1(validation[1], fitted[strength].predict(validation[0])))
    return fitted[best], best


class AdamProbe(NamedTuple):
    """A linear classifier with weights (C, d) and bias (C,)."""

    weights: np.ndarray
    bias: np.ndarray

    def predict(self, embeddings: np.ndarray) -> np.ndarray:
        """Classes (N,) of embeddings (N, d)."""
        return (embeddings @ self.weights.T + self.bias).argmax(axis=1)


def fit_adam(train: Labeled, validation: Labeled, settings: Probe) -> AdamProbe:
    """Fit the probe of the reference code (D10): a linear layer with cross-entropy, its initial weights of seed 0.

    It is trained by at most 50 full-batch steps of Adam with a learning rate of 1e-4, and stops early with a patience
    of 10 steps on the macro-F1 of validation.

    Args:
        train: Embeddings (N, d) and labels (N,), labels from 0.
        validation: The same, to stop and to choose the step.
        settings: ``class_weights``, and ``tested_step``: "best", the step with the best macro-F1 on validation, or
            "last", as in the reference code (D20).
    """
    import torch  # only if it is needed
    from torch.nn.functional import cross_entropy

    from glossbench.learning.training.batches import balanced_weights
    from glossbench.learning.training.stopping import EarlyStopping

    torch.manual_seed(0)
    embeddings, labels = torch.from_numpy(train[0]).float(), torch.from_numpy(train[1]).long()
    classes = int(max(train[1].max(), validation[1].max())) + 1
    layer = torch.nn.Linear(embeddings.shape[1], classes)
    optimizer = torch.optim.Adam(layer.parameters(), lr=LEARNING_RATE)
    weights = balanced_weights(labels, classes) if settings.class_weights == "balanced" else None
    stopping = EarlyStopping(PATIENCE)
    for _ in range(STEPS):
        optimizer.zero_grad()
        cross_entropy(layer(embeddings), labels, weight=weights).backward()
        optimizer.step()
        probe = AdamProbe(layer.weight.detach().numpy().copy(), layer.bias.detach().numpy().copy())
        if stopping.update(macro_f1(validation[1], probe.predict(validation[0]))) or settings.tested_step == "last":
            tested = probe
        if stopping.stop:
            break
    return tested
