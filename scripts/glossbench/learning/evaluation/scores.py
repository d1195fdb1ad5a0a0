"""Scores of predictions and of embeddings, as fractions (not percent)."""

import numpy as np


def accuracy(labels: np.ndarray, predicted: np.ndarray) -> float:
    """Share of documents (N,) whose predicted class is their own."""
    return float(np.mean(labels == predicted))


def macro_f1(labels: np.ndarray, predicted: np.ndarray) -> float:
    """Mean F1 over the classes that occur in labels (N,) or predictions (N,)."""
    classes = np.union1d(labels, predicted)
    members, named = (np.searchsorted(classes, values) for values in (labels, predicted))
    hits = np.bincount(members[members == named], minlength=len(classes))
    counts = np.bincount(members, minlength=len(classes)) + np.bincount(named, minlength=len(classes))
    return float(np.mean(2 * hits / counts))


def macro_silhouette(embeddings: np.ndarray, labels: np.ndarray, classes: str = "all", unit_norm: bool = True) -> float:
    """Mean over classes of the mean silhouette of a class's documents, with their labels as clusters.

    Args:
        embeddings: (N, d); distances are Euclidean.
        labels: (N,).
        classes: "all", where the single document of a class has a silhouette of zero, or "with-two-documents", those
            that have at least two (D19).
        unit_norm: Scale the embeddings to unit norm first.

    Returns:
        A number in [-1, 1]; NaN if there are fewer than two classes, or no class with two documents.
    """
    from sklearn.metrics import silhouette_samples  # takes a second, which most jobs do not need
    from sklearn.preprocessing import normalize

    found, counts = np.unique(labels, return_counts=True)
    if not 2 <= len(found) < len(labels):
        return float("nan")
    points = embeddings.astype(np.float64)
    samples = silhouette_samples(normalize(points) if unit_norm else points, labels)
    means = np.bincount(np.searchsorted(found, labels), weights=samples) / counts
    return float(means.mean() if classes == "all" else means[counts > 1].mean())
