"""Scores of predictions and of embeddings, as fractions (not percent)."""

import numpy as np
from sklearn.metrics import accuracy_score, f1_score, silhouette_samples
from sklearn.preprocessing import normalize


def accuracy(labels: np.ndarray, predicted: np.ndarray) -> float:
    """Share of documents (N,) whose predicted class is their own."""
    return float(accuracy_score(labels, predicted))


def macro_f1(labels: np.ndarray, predicted: np.ndarray) -> float:
    """Mean F1 over the classes that occur in labels (N,) or predictions (N,)."""
    return float(f1_score(labels, predicted, average="macro", zero_division=0))


def macro_silhouette(embeddings: np.ndarray, labels: np.ndarray) -> float:
    """Mean over classes of the mean silhouette of a class's documents, with their labels as clusters.

    Args:
        embeddings: (N, d), scaled to unit norm here; distances are Euclidean.
        labels: (N,).

    Returns:
        A number in [-1, 1]; NaN if there are fewer than two classes, or no class with two documents.
    """
    classes, counts = np.unique(labels, return_counts=True)
    if not 2 <= len(classes) < len(labels):
        return float("nan")
    samples = silhouette_samples(normalize(embeddings.astype(np.float64)), labels)
    position = np.searchsorted(classes, labels)
    return float((np.bincount(position, weights=samples) / counts).mean())
