"""t-SNE of test embeddings."""

import numpy as np
import pandas as pd
from sklearn.manifold import TSNE
from sklearn.preprocessing import normalize

from glossbench.data.splitting import stratified_subset


def project(
    embeddings: np.ndarray,
    labels: np.ndarray,
    doc_ids: np.ndarray,
    perplexity: float,
    seed: int,
    max_documents: int,
) -> pd.DataFrame:
    """Project test documents to two dimensions.

    Args:
        embeddings: (N, d), any scale.
        labels: (N,).
        doc_ids: (N,).
        perplexity: perplexity of t-SNE; lowered to a third of the number of documents if there are few.
        seed: the seed of t-SNE and of the subset.
        max_documents: size of the stratified subset that is projected if N is larger.

    Returns:
        One row per document, with the columns doc_id, label, x and y.
    """
    if len(labels) > max_documents:
        subset = stratified_subset(labels, max_documents, seed)
        embeddings, labels, doc_ids = embeddings[subset], labels[subset], doc_ids[subset]
    points = normalize(embeddings.astype(np.float64))
    perplexity = min(perplexity, (len(points) - 1) / 3)
    placed = TSNE(perplexity=perplexity, init="pca", learning_rate="auto", random_state=seed).fit_transform(points)
    return pd.DataFrame({"doc_id": doc_ids, "label": labels, "x": placed[:, 0], "y": placed[:, 1]})
