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


def macro_silhouette(embeddings: np.ndarray, labels: np.ndarray, classes: str = "all", unit_norm: bool = True) -> float:
    """Mean over classes of the mean silhouette of a class's documents, with their labels as clusters.

    Args:
        embeddings: (N, d); distances are Euclidean.
        labels: (N,).
        classes: "all", where the single document of a class has a silhouette of zero, or "with-two-documents", those
            that have at least two (D19).
        unit_norm: scale the embeddings to unit norm first.

    Returns:
        A number in [-1, 1]; NaN if there are fewer than two classes, or no class with two documents.
    """
    found, counts = np.unique(labels, return_counts=True)
    if not 2 <= len(found) < len(labels):
        return float("nan")
    points = embeddings.astype(np.float64)
    samples = silhouette_samples(normalize(points) if unit_norm else points, labels)
    means = np.bincount(np.searchsorted(found, labels), weights=samples) / counts
    return float(means.mean() if classes == "all" else means[counts > 1].mean())
