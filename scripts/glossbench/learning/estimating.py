"""Estimates of sigma from the training documents of a corpus under the pre-trained encoder."""

from typing import Any

import torch

from glossbench.data.documents import Documents
from glossbench.data.splitting import stratified_subset
from glossbench.errors import TrainingError
from glossbench.graph import unit_rows
from glossbench.learning.encoder.encoder import Encoder
from glossbench.sigma import MEDIAN_RULES, median_distance, nearest_other_class

# Larger corpora are represented by a stratified subset: 128 million pairs take 1 GiB.
MOST_DOCUMENTS = 16_000


@torch.inference_mode()
def estimate_all(encoder: Encoder, documents: Documents) -> dict[str, Any]:
    """Every estimate of sigma from a corpus's training documents, and the distances that they are computed from.

    Returns:
        ``n_documents``; ``median_distance`` over "pairs" and over the "full-matrix"; ``sigma`` by kind of median
        and rule.

    Raises:
        TrainingError: If the embeddings have no such distances.
    """
    encoder.eval()
    n = len(documents)
    subset = torch.arange(n)
    if n > MOST_DOCUMENTS:
        subset = torch.from_numpy(stratified_subset(documents.labels.cpu().numpy(), MOST_DOCUMENTS, seed=0))
    points = unit_rows(encoder(documents, subset).float().cpu())
    try:
        other_class = nearest_other_class(points, documents.labels.cpu()[subset]) / 3
        medians = {median: median_distance(points, median) for median in ("pairs", "full-matrix")}
    except ValueError as error:
        raise TrainingError(f"sigma cannot be estimated: {error}") from None
    return {
        "n_documents": len(subset),
        "median_distance": medians,
        "sigma": {
            median: {**{rule: sigma(m) for rule, sigma in MEDIAN_RULES.items()}, "nearest-other-class": other_class}
            for median, m in medians.items()
        },
    }
