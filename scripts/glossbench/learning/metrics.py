"""Scores of predictions and of embeddings. Fractions, not percent."""

import numpy as np
from sklearn.metrics import accuracy_score, f1_score, silhouette_samples
from sklearn.preprocessing import normalize


def accuracy(labels: np.ndarray, predicted: np.ndarray) -> float:
    """Share of documents (N,) given their own class."""
    return float(accuracy_score(labels, predicted))


def macro_f1(labels: np.ndarray, predicted: np.ndarray) -> float:
    """F1 of each class that occurs in labels or predictions (N,), averaged over these classes."""
    return float(f1_score(labels, predicted, average="macro", zero_division=0))


def macro_silhouette(embeddings: np.ndarray, labels: np.ndarray) -> float:
    """Silhouette of each document by its true class, averaged within each class, then over classes.

    embeddings: (N, d), scaled to unit norm here; Euclidean. labels: (N,). In [-1, 1]; NaN where there are fewer
    than two classes, or no class with two documents.
    """
    classes, counts = np.unique(labels, return_counts=True)
    if not 2 <= len(classes) < len(labels):
        return float("nan")
    samples = silhouette_samples(normalize(embeddings.astype(np.float64)), labels)
    position = np.searchsorted(classes, labels)
    return float((np.bincount(position, weights=samples) / counts).mean())
