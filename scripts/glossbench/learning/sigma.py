"""Estimates of sigma from a corpus's training documents under the pre-trained encoder."""

from typing import Any

import torch

from glossbench.data.documents import Documents
from glossbench.data.splits import stratified_subset
from glossbench.graph import estimate_sigma, median_distance, unit_rows
from glossbench.learning.encoder import Encoder

# Beyond this many documents the distances of a stratified part stand for all: 128 million pairs, 1 GiB.
MOST_DOCUMENTS = 16_000


@torch.inference_mode()
def estimate_all(encoder: Encoder, documents: Documents) -> dict[str, Any]:
    """Every rule for sigma, by the way the median is taken, with the distances behind them.

    documents: the training documents, as the encoder takes them.
    """
    encoder.eval()
    n = len(documents)
    part = torch.arange(n)
    if n > MOST_DOCUMENTS:
        part = torch.from_numpy(stratified_subset(documents.labels.cpu().numpy(), MOST_DOCUMENTS, seed=0))
    embeddings = encoder(documents, part).float().cpu()
    labels = documents.labels.cpu()[part]
    other_class = estimate_sigma(embeddings, "nearest-other-class", labels)
    points = unit_rows(embeddings)
    medians = {median: median_distance(points, median) for median in ("pairs", "full-matrix")}
    return {
        "n_documents": len(part),
        "median_distance": medians,
        "sigma": {
            median: {
                "sqrt": estimate_sigma(embeddings, "sqrt", median=median),
                "inflection": estimate_sigma(embeddings, "inflection", median=median),
                "nearest-other-class": other_class,
            }
            for median in medians
        },
    }
