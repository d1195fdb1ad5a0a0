"""The linear probe that judges frozen embeddings."""

import warnings
from typing import Any, Protocol

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


def fit_probe(
    train: tuple[np.ndarray, np.ndarray],
    validation: tuple[np.ndarray, np.ndarray],
    settings: dict[str, Any],
) -> tuple[Probe, float | None]:
    """The probe that ``settings`` asks for, and its C where it has one.

    train, validation: embeddings (N, d) and labels (N,). settings: kind, and for "logistic" C and max_iter.
    """
    if settings["kind"] == "adam":
        from glossbench.learning.adam_probe import fit_weak_probe  # torch is loaded only where it is needed

        return fit_weak_probe(train, validation), None
    return fit_logistic_probe(train, validation, settings["C"], settings["max_iter"])


def fit_logistic_probe(
    train: tuple[np.ndarray, np.ndarray],
    validation: tuple[np.ndarray, np.ndarray],
    strengths: list[float],
    max_iter: int = 1000,
) -> tuple[Pipeline, float]:
    """Multinomial logistic regression on standardised embeddings.

    train, validation: embeddings (N, d) and labels (N,). strengths: values of C, the inverse of the L2
    regularisation; the one with the best macro-F1 on validation is taken, the smallest among equals.
    Returns the fitted probe and its C.
    """
    best: tuple[float, Pipeline, float] | None = None
    for strength in sorted(strengths):
        probe = make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=max_iter))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # a probe cut short is still judged on validation
            probe.fit(*train)
        score = macro_f1(validation[1], probe.predict(validation[0]))
        if best is None or score > best[0]:
            best = score, probe, strength
    assert best is not None
    return best[1], best[2]
