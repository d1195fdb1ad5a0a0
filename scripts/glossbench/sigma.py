"""The width sigma of the affinity: estimated before training, or found for each batch."""

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from glossbench.arguments import check_batch, check_choice, check_count, check_embeddings, check_positive
from glossbench.graph import squared_distances, unit_rows
from glossbench.transfer import lacks_float64

__all__ = ["effective_neighbors", "estimate_sigma", "sigma_for_neighbors"]

# Sigma from the median distance m between unit-norm embeddings: as published, and as derived in the appendix.
MEDIAN_RULES: dict[str, Callable[[float], float]] = {
    "sqrt": lambda m: math.sqrt(m / 3),
    "inflection": lambda m: m / math.sqrt(3),
}
METHODS = (*MEDIAN_RULES, "nearest-other-class", "neighbors")
# Distances between unit-norm rows are computed from their squares, so that those below this are rounding errors.
SMALLEST_DISTANCE = 1e-7
# Sigma by neighbours is looked for between these multiples of the root mean square distance, in this number of steps:
# its error is a factor of 1 + 1e-5.
MULTIPLES = (1e-4, 1e2)
STEPS = 20


def estimate_sigma(
    embeddings: Tensor,
    method: str = "sqrt",
    labels: Tensor | None = None,
    median: str = "pairs",
    neighbors: float | None = None,
    batch_size: int = 128,
    max_documents: int | None = 5000,
) -> float:
    """Width of the affinity from the distances between unit-norm embeddings, before any training.

    Takes 8 bytes of memory for each pair of documents.

    Args:
        embeddings: (N, d), any scale, N >= 2.
        method: With m the median distance, "sqrt" is sqrt(m / 3), as in the paper and its code; "inflection" is
            m / sqrt(3), as derived in the paper's appendix. "nearest-other-class" is a third of the smallest
            non-zero distance between documents of different labels, the third rule of the reference code.
            "neighbors" is the width at which documents have ``neighbors`` effective neighbours in a batch on average.
        labels: (N,), needed by "nearest-other-class".
        median: Over the "pairs" i < j, or over the "full-matrix" with its zero diagonal and each pair twice, as in
            the reference code.
        neighbors: k, needed by "neighbors", 1 <= k < batch_size - 1.
        batch_size: B of the batches that will be trained on, for "neighbors"; at most ``max_documents``.
        max_documents: The most documents that are used, >= 2; of more, a fixed random sample. None uses all.

    Returns:
        Sigma, in units of distance on the unit sphere.

    Raises:
        TypeError: If an argument is not a tensor.
        ValueError: If there is no distance to measure, or an argument has an unknown value.

    Recommendations:
        The median rules give graphs in which nearly all documents of a batch are neighbours, and G-Loss is then a
        weight more than a graph. "neighbors" with k of 20 to 60 at B = 128 are what searches chose (docs/loss.md).

    Example:
        >>> sigma = estimate_sigma(embeddings, method="neighbors", neighbors=40, batch_size=128)

    References:
        The measure of neighbours is the perplexity of t-SNE (van der Maaten and Hinton 2008).
    """
    check_choice("method", method, METHODS)
    check_embeddings(embeddings)
    if labels is not None:
        labels = check_batch(embeddings, labels)
    if max_documents is not None:
        check_count("max_documents", max_documents, least=2)
        max_documents = int(max_documents)
    if len(embeddings) < 2:
        raise ValueError(f"embeddings: {len(embeddings)} document(s) have no distances; at least 2 are needed")
    if broken := int((~embeddings.isfinite()).any(dim=1).sum()):
        raise ValueError(f"embeddings: {broken} of {len(embeddings)} documents have NaN or infinity")
    if lacks_float64(embeddings.device):
        embeddings = embeddings.cpu()
    # Batches are cut from a sample in random order, since documents may come class by class. Medians and minima do not
    # depend on the order.
    order = torch.randperm(len(embeddings), generator=torch.Generator().manual_seed(0), device="cpu")
    sample = order[:max_documents].sort().values.to(embeddings.device)
    if method == "neighbors":
        return _estimate_for_neighbors(
            embeddings.detach()[order.to(sample.device)][: len(sample)], neighbors, batch_size
        )
    points = unit_rows(embeddings.detach()[sample])
    if method in MEDIAN_RULES:
        return MEDIAN_RULES[method](median_distance(points, median))
    if labels is None:
        raise ValueError('labels: needed by the method "nearest-other-class"')
    return nearest_other_class(points, labels.to(sample.device)[sample]) / 3


def _estimate_for_neighbors(embeddings: Tensor, neighbors: float | None, batch_size: int) -> float:
    """Sigma that gives effective neighbours within the batches into which the embeddings (N, d) are cut."""
    check_positive("neighbors", neighbors)
    check_count("batch_size", batch_size, least=2)
    if batch_size > len(embeddings):
        raise ValueError(f"batch_size: {batch_size} documents are needed, {len(embeddings)} were given or sampled")
    if not 1 <= neighbors < batch_size - 1:  # type: ignore[operator]
        raise ValueError(f"neighbors: {neighbors} is not between 1 and {batch_size - 1}, the others of a batch")
    batches = torch.split(unit_rows(embeddings), batch_size)
    squared = torch.stack([squared_distances(points) for points in batches if len(points) == batch_size])
    return float(sigma_for_neighbors(squared, neighbors))  # type: ignore[arg-type]


@torch.no_grad()
def sigma_for_neighbors(squared: Tensor, neighbors: float) -> Tensor:
    """Sigma at which the rows of an affinity have ``neighbors`` effective neighbours on average, by bisection.

    The host waits for nothing. Where no sigma has them, sigma is so large that the graph is flat: with fewer documents
    than neighbours, and with so many copies of a text that these alone are more neighbours at any sigma.

    Args:
        squared: (B, B) or (batches, B, B) squared distances between unit-norm rows.
        neighbors: k, >= 1.

    Returns:
        A scalar, float64.
    """
    excess = _excess(squared)
    lowest, highest = ((_typical(squared) * multiple).log() for multiple in MULTIPLES)
    low, high = lowest, highest
    for _ in range(STEPS):
        middle = (low + high) / 2
        too_many = _neighbors(excess, middle.exp()) > neighbors
        low, high = torch.where(too_many, low, middle), torch.where(too_many, middle, high)
    reached = _neighbors(excess, lowest.exp()) <= neighbors
    return torch.where(reached, (low + high) / 2, highest).double().exp()


@torch.no_grad()
def sigma_for_median(squared: Tensor, multiple: float) -> Tensor:
    """Sigma as a multiple of the median distance between rows. (B, B) squared distances -> scalar, float64.

    Where the median is zero, since half of the pairs are copies of a text, sigma is so large that the graph is flat.
    """
    median, flat = median_of_pairs(squared), MULTIPLES[1] * _typical(squared)
    return torch.where(median > SMALLEST_DISTANCE, multiple * median, flat).clamp(min=SMALLEST_DISTANCE)


def _typical(squared: Tensor) -> Tensor:
    """Root mean square distance. (..., B, B) squared distances, float64 -> scalar, float32."""
    return squared.mean().clamp(min=SMALLEST_DISTANCE**2).sqrt().float()


def median_of_pairs(squared: Tensor) -> Tensor:
    """Median distance over the pairs i < j of a batch. (B, B) squared distances -> scalar, on their device.

    Of an even number it is the lower one of the middle two, as torch takes it, so that the host waits for nothing;
    ``median_distance`` takes the mean of the two.
    """
    i, j = torch.triu_indices(len(squared), len(squared), 1, device=squared.device)
    return squared[i, j].clamp(min=0).median().sqrt()


@torch.no_grad()
def effective_neighbors(embeddings: Tensor, sigma: float | Tensor) -> Tensor:
    """Effective number of neighbours in the graph of a batch: exp(entropy) of a row of affinities, averaged over rows.

    Args:
        embeddings: (B, d), any scale.
        sigma: Width of the affinity, > 0.

    Returns:
        A scalar between 1 and B - 1, float32.
    """
    nodes = embeddings.cpu() if lacks_float64(embeddings.device) else embeddings
    return neighbors_at(squared_distances(unit_rows(nodes)), sigma).to(embeddings.device)


@torch.no_grad()
def neighbors_at(squared: Tensor, sigma: float | Tensor) -> Tensor:
    """``effective_neighbors`` from squared distances (B, B)."""
    return _neighbors(_excess(squared), sigma)


def _excess(squared: Tensor) -> Tensor:
    """By how much squared distances exceed that of the nearest neighbour. (..., B, B) float64 -> the same in float32.

    An affinity divided by the largest of its row does not underflow. The difference is taken in float64, so that small
    ones keep their digits; float32 is enough for what follows, and takes half the memory. The diagonal gets 1e20, whose
    weight is 0. It is finite, since infinity times 0 would make the entropy NaN.
    """
    diagonal = torch.eye(squared.shape[-1], dtype=torch.bool, device=squared.device)
    squared = squared.detach().masked_fill(diagonal, 1e20)
    return (squared - squared.amin(dim=-1, keepdim=True)).float()


def _neighbors(excess: Tensor, sigma: float | Tensor) -> Tensor:
    """exp(entropy) of the affinities of a row, averaged over all rows. (..., B, B) float32 -> scalar, float32."""
    exponent = excess * (0.5 / sigma**2)
    weights = exponent.neg().exp_()
    total = weights.sum(dim=-1)
    entropy = total.log() + exponent.mul_(weights).sum(dim=-1) / total
    return entropy.exp().mean()


def median_distance(points: Tensor, median: str = "pairs", block: int = 1024) -> float:
    """Median Euclidean distance between rows, before training; the mean of the middle two if their number is even.

    It is computed on the CPU, block by block, for thousands of documents; ``median_of_pairs`` is for a batch.

    Args:
        points: (N, d).
        median: "pairs" or "full-matrix", as in ``estimate_sigma``.
        block: Number of rows whose distances are computed at once.

    Raises:
        ValueError: If ``median`` has an unknown value, or the distance is zero.
    """
    squared = np.concatenate([_upper_triangle(points, start, block) for start in range(0, len(points), block)])
    if median == "pairs":
        middle = [(len(squared) - 1) // 2, len(squared) // 2]
    elif median == "full-matrix":  # sorted, the N zeros come first, then each pair twice
        squared = np.append(squared, 0.0)
        entries = len(points) ** 2
        middle = [max(position - len(points) + 2, 0) // 2 for position in ((entries - 1) // 2, entries // 2)]
    else:
        raise ValueError(f"median: {median!r} is not one of pairs, full-matrix")
    distance = float(np.sqrt(np.partition(squared, middle)[middle].clip(min=0)).mean())
    if distance < SMALLEST_DISTANCE:
        raise ValueError(
            "embeddings: their median distance is 0, since at least half of the pairs are equal; sigma must be above 0"
        )
    return distance


def nearest_other_class(points: Tensor, labels: Tensor, block: int = 1024) -> float:
    """Smallest Euclidean distance between rows of different labels that is no rounding error of equal rows.

    Args:
        points: (N, d).
        labels: (N,).
        block: Number of rows whose distances are computed at once.

    Raises:
        ValueError: If there is no such pair.
    """
    nearest = math.inf
    for start in range(0, len(points), block):
        apart = labels[start : start + block, None] != labels[None, :]
        distances = torch.cdist(points[start : start + block], points)[apart]
        distances = distances[distances > SMALLEST_DISTANCE]
        if len(distances):
            nearest = min(nearest, distances.min().item())
    if math.isinf(nearest):
        raise ValueError("labels: no two different documents of different classes")
    return nearest


def _upper_triangle(points: Tensor, start: int, block: int) -> np.ndarray:
    """Squared distances of rows start .. start + block to all later rows, as a flat array."""
    rows, later = points[start : start + block], points[start:]
    squared = rows.square().sum(dim=1)[:, None] + later.square().sum(dim=1)[None, :] - 2 * rows @ later.T
    return squared[torch.ones_like(squared, dtype=torch.bool).triu(diagonal=1)].cpu().numpy()
