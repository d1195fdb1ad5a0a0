"""Estimates of sigma from a corpus's training documents under the pre-trained encoder."""

from typing import Any

import torch

from glossbench.data.documents import Documents
from glossbench.data.splitting import stratified_subset
from glossbench.graph import MEDIAN_RULES, median_distance, nearest_other_class, unit_rows
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
    points = unit_rows(embeddings)
    other_class = nearest_other_class(points, labels) / 3
    medians = {median: median_distance(points, median) for median in ("pairs", "full-matrix")}
    return {
        "n_documents": len(part),
        "median_distance": medians,
        "sigma": {
            median: {**{rule: sigma(m) for rule, sigma in MEDIAN_RULES.items()}, "nearest-other-class": other_class}
            for median, m in medians.items()
        },
    }
