"""The linear probe that classifies frozen embeddings."""

import warnings
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from glossbench.learning.evaluation.scores import macro_f1
from glossbench.settings.training import Probe as ProbeSettings


class Probe(Protocol):
    """A fitted linear classifier."""

    def predict(self, embeddings: np.ndarray) -> np.ndarray:
        """Classes (N,) of embeddings (N, d)."""
        ...


Fitted = TypeVar("Fitted", bound=Probe)
LEARNING_RATE, STEPS, PATIENCE = 1e-4, 50, 10  # of the Adam probe


def fit_probe(
    train: tuple[np.ndarray, np.ndarray],
    validation: tuple[np.ndarray, np.ndarray],
    settings: ProbeSettings,
) -> tuple[Probe, float | None]:
    """Fit the probe of a study.

    Args:
        train: embeddings (N, d) and labels (N,).
        validation: the same, to choose between probes.
        settings: ``kind``, "logistic" or "adam", and ``class_weights``, "none" or "balanced"; for "logistic" also
            ``C`` and ``max_iter``, for "adam" also ``tested_step``.

    Returns:
        The fitted probe, and its C, or None if it has no C.
    """
    balanced = settings.class_weights == "balanced"
    if settings.kind == "adam":
        return fit_adam_probe(train, validation, balanced, settings.tested_step), None
    return fit_logistic_probe(train, validation, settings.C, settings.max_iter, balanced)


def fit_logistic_probe(
    train: tuple[np.ndarray, np.ndarray],
    validation: tuple[np.ndarray, np.ndarray],
    strengths: list[float],
    max_iter: int,
    balanced: bool = False,
) -> tuple[Pipeline, float]:
    """Fit a multinomial logistic regression on standardised embeddings.

    Args:
        train: embeddings (N, d) and labels (N,).
        validation: the same, to choose C.
        strengths: values of C, the inverse of the L2 regularisation, to choose from.
        max_iter: most iterations of the solver.
        balanced: whether each class has the same weight, whatever its number of documents.

    Returns:
        The fitted probe with the best macro-F1 on validation, the one with the smallest C among equals; and its C.
    """

    def fit(strength: float) -> Pipeline:
        classifier = LogisticRegression(C=strength, max_iter=max_iter, class_weight="balanced" if balanced else None)
        return make_pipeline(StandardScaler(), classifier).fit(*train)

    return best_on_validation(fit, strengths, validation)


def best_on_validation(
    fit: Callable[[float], Fitted], strengths: list[float], validation: tuple[Any, np.ndarray]
) -> tuple[Fitted, float]:
    """The classifier with the best macro-F1 on validation, the one with the smallest C among equals; and its C.

    Args:
        fit: fits a classifier with a given C.
        strengths: values of C to choose from.
        validation: documents as the classifier takes them, and labels (N,).
    """
    best: tuple[float, Fitted, float] | None = None
    for strength in sorted(strengths):
        with warnings.catch_warnings():
            # A classifier whose solver did not converge is still compared on validation.
            warnings.simplefilter("ignore", ConvergenceWarning)
            fitted = fit(strength)
        score = macro_f1(validation[1], fitted.predict(validation[0]))
        if best is None or score > best[0]:
            best = score, fitted, strength
    assert best is not None
    return best[1], best[2]


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
    """Fit the probe of the reference code (D10): a linear layer with cross-entropy.

    It is trained by at most 50 full-batch steps of Adam with a learning rate of 1e-4, and stops early with a patience
    of 10 steps on the macro-F1 of validation.

    Args:
        train: embeddings (N, d) and labels (N,), labels from 0.
        validation: the same, to stop and to choose the step.
        balanced: weight each class c by N / (C N_c) in the loss.
        tested_step: "best", the step with the best macro-F1 on validation, or "last", as in the reference code (D20).
        seed: seed of the layer's initial weights.

    Returns:
        The probe of the best or of the last step.
    """
    import torch  # only if it is needed
    from torch.nn.functional import cross_entropy

    from glossbench.learning.training.schedule import EarlyStopping, balanced_weights

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
        cross_entropy(layer(embeddings), labels, weight=weights).backward()
        optimizer.step()
        probe = AdamProbe(layer.weight.detach().numpy().copy(), layer.bias.detach().numpy().copy())
        if stopping.update(macro_f1(validation[1], probe.predict(validation[0]))) or tested_step == "last":
            tested = probe
        if stopping.stop:
            break
    return tested
