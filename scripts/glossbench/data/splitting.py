"""Stratified draws of documents: reproducible, classes in proportion."""

from typing import Any

import numpy as np

from glossbench.errors import CorpusError, SettingsError
from glossbench.settings.training import Subset


def stratified_subset(labels: np.ndarray, size: int, seed: int, per_class: int = 1) -> np.ndarray:
    """Draw documents with the classes in proportion, but no class fewer than ``per_class`` of those that it has.

    Args:
        labels: (N,) integers or names; a class may have a single document.
        size: Number of documents to draw.
        seed: Seed of the draw; the same labels, size and seed give the same documents.
        per_class: Fewest documents of a class; all of a class that has no more. One of each where ``size`` allows it.

    Returns:
        Sorted indices, (size,) int64.

    Raises:
        CorpusError: ``size`` is below 1, above N, or too small for ``per_class``.
    """
    if not 1 <= size <= len(labels):
        raise CorpusError(f"subset of {size} documents, expected 1 to {len(labels)}, as many as there are")
    _, classes, counts = np.unique(labels, return_inverse=True, return_counts=True)
    least = np.minimum(counts, per_class)
    if least.sum() > size:
        if per_class > 1:
            raise CorpusError(
                f"subset of {size} documents, expected at least {least.sum()} for {per_class} of each class"
            )
        least = np.zeros_like(counts)
    sizes, free = least.copy(), np.ones(len(counts), dtype=bool)
    if per_class > 1:  # what rare classes have too many of, the others give in proportion
        while (rare := free & (counts * (size - sizes[~free].sum()) < least * counts[free].sum())).any():
            free &= ~rare
    sizes[free] = _allocate(counts[free], size - sizes[~free].sum(), least[free], counts[free])
    return _draw(classes, sizes, seed)


def rows_of_subset(labels: np.ndarray, split: str, subset: dict[str, Any]) -> np.ndarray | None:
    """The documents of a split that a study uses: sorted indices, or None for all. SettingsError if there are too few.

    ``labels`` are (N,), of the whole split; ``subset`` has the size by split (None is all documents), the ``seed`` of
    the draw, and ``per_class``, the fewest training documents of a class.
    """
    if subset[split] is None:
        return None
    try:
        return stratified_subset(labels, subset[split], subset["seed"], subset["per_class"] if split == "train" else 1)
    except CorpusError as error:
        raise SettingsError(f"subset.{split}: {error}") from None


def subset_of_run(subset: Subset, seed: int) -> Subset:
    """The documents of a run or search with this seed."""
    return subset.model_copy(update={"seed": subset.seed + seed}) if subset.draw == "seed" else subset


def stratified_split(labels: np.ndarray, fraction: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Hold out a share of the documents with the classes in proportion.

    round(fraction * N) documents are held out, or fewer where that would take the last document of a class: each class
    keeps at least one, so that it can be learned. ``labels`` are (N,) integers or names.

    Returns:
        Sorted indices of the documents that are kept, and of those held out.

    Raises:
        CorpusError: No document would be held out.
    """
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
