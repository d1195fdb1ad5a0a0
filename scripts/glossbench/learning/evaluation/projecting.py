"""t-SNE of test embeddings."""

import logging
from collections.abc import Sequence

import numpy as np
import pandas as pd
from sklearn.manifold import TSNE
from sklearn.preprocessing import normalize

from glossbench.data.splitting import stratified_subset
from glossbench.files import read_json
from glossbench.frames import without_rows
from glossbench.settings.jobs import ProjectionSettings
from glossbench.settings.training import Maps

log = logging.getLogger(__name__)
FEWEST = 3  # documents of a map
SAME = 1e-6  # largest distance along an axis of embeddings that count as equal


def project_runs(settings: ProjectionSettings, embeddings: Sequence[str], cards: Sequence[str]) -> pd.DataFrame:
    """The projections of several runs, one below the other.

    Args:
        settings: How maps are made, and the columns of each run's rows.
        embeddings: Path of each run's embeddings.npz, in the same order.
        cards: Paths of the cards of the corpora, for the names of the classes.
    """
    names = {card["corpus"]: np.array(card["class_names"]) for card in map(read_json, cards)}
    frames = []
    for path, run in zip(embeddings, settings.runs, strict=True):
        arrays = np.load(path)
        placed = project(arrays["test"], arrays["test_label"], arrays["test_doc_id"], settings.projection)
        columns = dict(sorted(run.items()))  # in one order, whether they come as JSON or not
        frames.append(placed.assign(**columns, class_name=names[run["corpus"]][placed["label"]]))
    return pd.concat(frames, ignore_index=True) if frames else without_rows("projections")


def project(embeddings: np.ndarray, labels: np.ndarray, doc_ids: np.ndarray, maps: Maps) -> pd.DataFrame:
    """Two coordinates for each test document, or for a stratified part of them: columns doc_id, label, x, y.

    Embeddings (N, d) are scaled to unit norm. All x and y are 0 for fewer than ``FEWEST`` documents, or equal ones.
    """
    if len(labels) > maps.max_documents:
        part = stratified_subset(labels, maps.max_documents, maps.seed)
        embeddings, labels, doc_ids = embeddings[part], labels[part], doc_ids[part]
    points, placed = normalize(embeddings.astype(np.float64)), np.zeros((len(labels), 2))
    if len(points) < FEWEST or np.ptp(points, axis=0).max() < SAME:  # t-SNE would divide by zero, and crash
        log.warning("t-SNE needs at least %d documents that are not all equal: %d at the origin", FEWEST, len(points))
    else:
        perplexity = min(maps.perplexity, (len(points) - 1) / 3)
        tsne = TSNE(perplexity=perplexity, init="pca", learning_rate="auto", random_state=maps.seed)
        placed = tsne.fit_transform(points)
    return pd.DataFrame({"doc_id": doc_ids, "label": labels, "x": placed[:, 0], "y": placed[:, 1]})
