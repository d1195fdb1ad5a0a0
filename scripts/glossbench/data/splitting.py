"""Stratified draws of documents: reproducible, classes in proportion."""

from typing import Any

import numpy as np

from glossbench.errors import CorpusError, SettingsError


def stratified_subset(labels: np.ndarray, size: int, seed: int) -> np.ndarray:
    """Draw documents with the classes in proportion; each class keeps one where ``size`` allows it.

    The same labels, size and seed give the same documents.

    Args:
        labels: (N,) integers or names; a class may have a single document.
        size: Number of documents to draw.
        seed: Seed of the draw.

    Returns:
        Sorted indices, (size,) int64.

    Raises:
        CorpusError: ``size`` is below 1 or above N.
    """
    labels = np.asarray(labels)
    if not 1 <= size <= len(labels):
        raise CorpusError(f"subset of {size} documents, expected 1 to {len(labels)}, as many as there are")
    _, classes, counts = np.unique(labels, return_inverse=True, return_counts=True)
    least = np.minimum(counts, 1) if size >= len(counts) else np.zeros_like(counts)
    return _draw(classes, _allocate(counts, size, least, counts), seed)


def rows_of_subset(labels: np.ndarray, split: str, subset: dict[str, Any]) -> np.ndarray | None:
    """The documents of a split that a study uses: sorted indices, or None for all.

    Args:
        labels: (N,) of the whole split.
        split: "train", "val" or "test".
        subset: Size by split (None is all documents), and ``seed`` of the draw.

    Raises:
        SettingsError: The subset cannot be drawn.
    """
    if subset[split] is None:
        return None
    try:
        return stratified_subset(labels, subset[split], subset["seed"])
    except CorpusError as error:
        raise SettingsError(f"subset.{split}: {error}") from None


def stratified_split(labels: np.ndarray, fraction: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Hold out a share of the documents with the classes in proportion.

    round(fraction * N) documents are held out, or fewer where that would take the last document of a class: each class
    keeps at least one, so that it can be learned.

    Args:
        labels: (N,) integers or names.
        fraction: Share of documents to hold out.
        seed: Seed of the draw.

    Returns:
        Sorted indices of the documents that are kept, and of those held out.

    Raises:
        CorpusError: No document would be held out.
    """
    labels = np.asarray(labels)
    _, classes, counts = np.unique(labels, return_inverse=True, return_counts=True)
    size = min(round(fraction * len(labels)), int((counts - 1).sum()))
    if size < 1:
        raise CorpusError(
            f"a share of {fraction} of {len(labels)} documents in {len(counts)} classes holds out none, "
            f"expected a larger share or more documents"
        )
    held_out = _draw(classes, _allocate(counts, size, np.zeros_like(counts), counts - 1), seed)
    return np.setdiff1d(np.arange(len(labels)), held_out), held_out


def _allocate(counts: np.ndarray, size: int, least: np.ndarray, most: np.ndarray) -> np.ndarray:
    """Number of documents drawn from each class, (C,): by largest remainder, within bounds; they sum to ``size``.

    Computed in whole numbers, so that rounding cannot differ between machines. Ties go to the earlier class.
    """
    exact = counts.astype(np.int64) * size  # exact shares, multiplied by the number of documents
    total = int(counts.sum())
    sizes = np.clip(exact // total, least, most)
    while (missing := size - int(sizes.sum())) != 0:
        remainders = exact - sizes * total
        if missing > 0:
            sizes[np.argmax(np.where(sizes < most, remainders, np.iinfo(np.int64).min))] += 1
        else:
            sizes[np.argmin(np.where(sizes > least, remainders, np.iinfo(np.int64).max))] -= 1
    return sizes


def _draw(classes: np.ndarray, sizes: np.ndarray, seed: int) -> np.ndarray:
    generator = np.random.default_rng(seed)
    drawn = [generator.permutation(np.flatnonzero(classes == number))[:size] for number, size in enumerate(sizes)]
    return np.sort(np.concatenate(drawn))
