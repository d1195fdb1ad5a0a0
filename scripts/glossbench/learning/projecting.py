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
    """Two coordinates for each test document, or for a stratified part of max_documents.

    embeddings: (N, d), scaled to unit norm; labels, doc_ids: (N,). Columns doc_id, label, x, y.
    """
    if len(labels) > max_documents:
        part = stratified_subset(labels, max_documents, seed)
        embeddings, labels, doc_ids = embeddings[part], labels[part], doc_ids[part]
    points = normalize(embeddings.astype(np.float64))
    perplexity = min(perplexity, (len(points) - 1) / 3)
    placed = TSNE(perplexity=perplexity, init="pca", learning_rate="auto", random_state=seed).fit_transform(points)
    return pd.DataFrame({"doc_id": doc_ids, "label": labels, "x": placed[:, 0], "y": placed[:, 1]})
