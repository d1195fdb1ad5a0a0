"""The linear probe that classifies frozen embeddings."""

import warnings
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from glossbench.learning.metrics import macro_f1


class Probe(Protocol):
    """A fitted linear classifier."""

    def predict(self, embeddings: np.ndarray) -> np.ndarray:
        """Classes (N,) of embeddings (N, d)."""
        ...


Fitted = TypeVar("Fitted", bound=Probe)


def fit_probe(
    train: tuple[np.ndarray, np.ndarray],
    validation: tuple[np.ndarray, np.ndarray],
    settings: dict[str, Any],
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
    balanced = settings["class_weights"] == "balanced"
    if settings["kind"] == "adam":
        from glossbench.learning.adam_probe import fit_adam_probe  # torch is imported only if it is needed

        return fit_adam_probe(train, validation, balanced, settings["tested_step"]), None
    return fit_logistic_probe(train, validation, settings["C"], settings["max_iter"], balanced)


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
