"""Stratified parts of a corpus: drawn reproducibly, classes in proportion."""

import numpy as np

from glossbench.errors import CorpusError


def stratified_subset(labels: np.ndarray, size: int, seed: int) -> np.ndarray:
    """Draw ``size`` documents with the classes in proportion; every class keeps one where there is room.

    labels: (N,) integers or names. Returns sorted indices, (size,) int64. The same labels, size and seed give
    the same documents. Classes with a single document are no obstacle. Raises CorpusError unless
    1 <= size <= N.
    """
    labels = np.asarray(labels)
    if not 1 <= size <= len(labels):
        raise CorpusError(f"subset of {size} documents, expected 1 to {len(labels)}, as many as there are")
    _, classes, counts = np.unique(labels, return_inverse=True, return_counts=True)
    least = np.minimum(counts, 1) if size >= len(counts) else np.zeros_like(counts)
    return _draw(classes, _allocate(counts, size, least, counts), seed)


def stratified_split(labels: np.ndarray, fraction: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Hold out a share of the documents with the classes in proportion: (kept, held out), sorted indices.

    labels: (N,). round(fraction * N) documents are held out, but never the last one of a class, which must be
    there to be learned: a class with a single document stays among the kept. Raises CorpusError where either
    side would be empty.
    """
    labels = np.asarray(labels)
    _, classes, counts = np.unique(labels, return_inverse=True, return_counts=True)
    size = min(round(fraction * len(labels)), int((counts - 1).sum()))
    if size < 1:
        raise CorpusError(
            f"a share of {fraction} of {len(labels)} documents in {len(counts)} classes holds out none, "
            f"expected a larger share or more documents"
        )
    held = _draw(classes, _allocate(counts, size, np.zeros_like(counts), counts - 1), seed)
    return np.setdiff1d(np.arange(len(labels)), held), held


def _allocate(counts: np.ndarray, size: int, least: np.ndarray, most: np.ndarray) -> np.ndarray:
    """Documents a class gives, (C,): in proportion by largest remainder, within bounds; they sum to ``size``.

    In whole numbers throughout, so that no rounding differs between machines; ties go to the earlier class.
    """
    exact = counts.astype(np.int64) * size  # times the number of documents
    total = int(counts.sum())
    given = np.clip(exact // total, least, most)
    while (missing := size - int(given.sum())) != 0:
        lack = exact - given * total
        if missing > 0:
            given[np.argmax(np.where(given < most, lack, np.iinfo(np.int64).min))] += 1
        else:
            given[np.argmin(np.where(given > least, lack, np.iinfo(np.int64).max))] -= 1
    return given


def _draw(classes: np.ndarray, given: np.ndarray, seed: int) -> np.ndarray:
    generator = np.random.default_rng(seed)
    drawn = [generator.permutation(np.flatnonzero(classes == number))[:amount] for number, amount in enumerate(given)]
    return np.sort(np.concatenate(drawn))
