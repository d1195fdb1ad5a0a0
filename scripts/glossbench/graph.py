"""The graph of a mini-batch: affinity, transition matrix, label propagation, and estimates of the width sigma.

Pure tensor functions. Affinities and transition probabilities are kept as logarithms, since an affinity at
sigma = 0.01 can be as small as exp(-20000). All computations are in float64, whatever the type of the embeddings:
the cost is negligible next to the encoder, and the linear solve needs the precision. Step numbers refer to the
paper's section on G-Loss.
"""

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from glossbench.arguments import (
    check_choice,
    check_embeddings,
    check_mask,
    check_range,
    check_sigma,
    class_labels,
    scaled_rows,
)

TRANSITIONS = ("stochastic", "column")

# The solve is used if it conserves probability up to this error. Beyond it the gradient is wrong first, because it
# multiplies the error by the condition number once more.
SOLVE_TOLERANCE = 1e-10
# A probability must exceed the error of the solve by this factor for its logarithm to be accurate to 1e-6.
SOLVE_HEADROOM = 1e6
# Sigma from the median distance m between unit-norm embeddings: as published, and as derived in the appendix.
MEDIAN_RULES = {"sqrt": lambda m: math.sqrt(m / 3), "inflection": lambda m: m / math.sqrt(3)}
# Distances between unit-norm rows are computed from their squares, so that those below this are rounding errors.
SMALLEST_DISTANCE = 1e-7
# Number of elimination steps whose tensors are kept for the backward pass; the steps of other blocks are recomputed.
ELIMINATION_BLOCK = 64


def unit_rows(embeddings: Tensor) -> Tensor:
    """Rows scaled to unit Euclidean norm, in float64. (B, d) -> (B, d). Step 1.

    A row of zeros has no direction and stays zero: its distance to every other row is 1, and its gradient is that of
    the point.
    """
    return F.normalize(scaled_rows(embeddings.double()), dim=1, eps=1.0)  # no other row is shorter than 1


def squared_distances(points: Tensor) -> Tensor:
    """Squared Euclidean distances between rows. (B, d) -> (B, B). Not clamped: rounding may give -1e-16."""
    gram = points @ points.T
    on_diagonal = torch.eye(len(points), dtype=torch.bool, device=points.device)
    # Not gram.diagonal(): torch.compile with its default backend gives a wrong gradient for it (torch 2.13, CPU).
    norms = torch.where(on_diagonal, gram, 0).sum(dim=1)
    return norms[:, None] + norms[None, :] - 2 * gram


def log_affinity(embeddings: Tensor, sigma: float) -> Tensor:
    """Logarithm of W_ij = exp(-||x_i - x_j||^2 / (2 sigma^2)) on unit-norm rows, with W_ii = 0. Step 2.

    Args:
        embeddings: (B, d), any scale.
        sigma: width of the affinity, > 0.

    Returns:
        (B, B) float64, -inf on the diagonal.
    """
    log_w = squared_distances(unit_rows(embeddings)) / (-2 * sigma**2)
    diagonal = torch.eye(len(log_w), dtype=torch.bool, device=log_w.device)
    return log_w.masked_fill(diagonal, -math.inf)


def log_transition(log_w: Tensor, transition: str = "stochastic") -> Tensor:
    """Logarithm of the transition matrix T of A = D^{-1/2} W D^{-1/2}. Steps 3 and 5.

    Args:
        log_w: (B, B), -inf on the diagonal, B >= 2.
        transition: "column" gives T_ij = A_ij / sum_m A_mj, as printed in the paper. "stochastic" also normalises
            the rows afterwards, as in Zhu and Ghahramani (2002), so that propagated rows sum to one.

    Returns:
        (B, B) float64.
    """
    log_degree = log_w.logsumexp(dim=1)
    log_a = log_w - 0.5 * (log_degree[:, None] + log_degree[None, :])
    log_t = log_a - log_a.logsumexp(dim=0, keepdim=True)
    if transition == "column":
        return log_t
    return log_t - log_t.logsumexp(dim=1, keepdim=True)


def log_propagated(
    log_t: Tensor,
    labels: Tensor,
    hidden: Tensor,
    kept: Tensor,
    num_classes: int,
    transition: str = "stochastic",
) -> Tensor:
    """Logarithm of the propagated labels Yhat_u = (I - T_uu)^{-1} T_ul Y_l. Step 6.

    The system is solved by LU. If the solution is not accurate enough, the hidden nodes are eliminated one at a
    time instead, which is slower and loses no digits.

    Args:
        log_t: (B, B) logarithm of the transition matrix.
        labels: (B,) int64.
        hidden: (u,) positions of the nodes whose label is hidden.
        kept: (l,) positions of the nodes that keep their label.
        num_classes: number of classes C.
        transition: how ``log_t`` was normalised, "stochastic" or "column".

    Returns:
        (u, C) float64, -inf for classes without a kept node.
    """
    solved, error = propagated_by_solve(log_t, labels, hidden, kept, num_classes, transition)
    with torch.no_grad():
        true_class = solved.gather(1, labels[hidden, None])
        # A class without a kept node has probability zero; its logarithm is not used.
        reachable = is_in(labels[hidden], labels[kept])[:, None]
        smallest = torch.where(reachable, true_class, 1.0).min()
        floor = SOLVE_HEADROOM * (error + torch.finfo(solved.dtype).eps)
        in_range = (solved.min() >= -SOLVE_TOLERANCE) & (
            (transition == "column") | (solved.max() <= 1 + SOLVE_TOLERANCE)
        )
        accurate = (error <= SOLVE_TOLERANCE) & in_range & (smallest >= floor)
    if not accurate:  # the only place where the host waits for the device
        return log_propagated_by_elimination(log_t, labels, hidden, kept, num_classes, transition)
    positive = solved > 0
    return torch.where(positive, torch.where(positive, solved, 1.0).log(), -math.inf)


def is_in(labels: Tensor, known: Tensor) -> Tensor:
    """Whether each label is among the known ones. (u,), (l,) -> (u,) bool.

    On CUDA ``torch.isin`` sorts what it compares with, and the host waits for the number of different values.
    """
    return (labels[:, None] == known[None, :]).any(dim=1)


def propagate_labels(
    embeddings: Tensor,
    labels: Tensor,
    labeled: Tensor,
    num_classes: int,
    sigma: float,
    transition: str = "stochastic",
) -> Tensor:
    """Class probabilities that the graph of a batch gives to the documents whose label is hidden. Steps 1-6.

    Args:
        embeddings: (B, d) float, any scale.
        labels: (B,) whole numbers. The labels of hidden documents have no influence on the probabilities; they only
            select which probabilities must be accurate for the linear solve to be used.
        labeled: (B,) bool, True where the label is kept; at least one.
        num_classes: number of classes C.
        sigma: width of the affinity, > 0.
        transition: "stochastic" (rows of the answer sum to one) or "column" (they need not).

    Returns:
        (u, C), the hidden documents in the order of the batch, in the precision of the embeddings but at least
        float32.

    Raises:
        TypeError: if an argument that is to be a tensor is none.
        ValueError: if no document keeps its label, or an argument does not fit.
    """
    check_embeddings(embeddings)
    labels = class_labels(labels, len(embeddings))
    check_mask("labeled", labeled, len(embeddings))
    check_range(labels, num_classes)
    check_sigma(sigma)
    check_choice("transition", transition, TRANSITIONS)
    hidden, kept = (~labeled).nonzero().squeeze(1), labeled.nonzero().squeeze(1)
    if len(kept) == 0:
        raise ValueError("labeled: at least one document must keep its label")
    dtype = torch.promote_types(embeddings.dtype, torch.float32)
    if len(hidden) == 0:
        return embeddings.new_zeros((0, num_classes), dtype=dtype)
    with torch.autocast(embeddings.device.type, enabled=False):
        log_t = log_transition(log_affinity(embeddings, sigma), transition)
        return log_propagated(log_t, labels, hidden, kept, num_classes, transition).exp().to(dtype)


def propagated_by_solve(
    log_t: Tensor, labels: Tensor, hidden: Tensor, kept: Tensor, num_classes: int, transition: str
) -> tuple[Tensor, Tensor]:
    """Propagated labels (I - T_uu)^{-1} T_ul Y_l by LU decomposition.

    Args:
        log_t, labels, hidden, kept, num_classes, transition: as in ``log_propagated``.

    Returns:
        The probabilities (u, C), and a scalar: by how much they fail to conserve probability (NaN or infinite if
        the decomposition failed).
    """
    t = log_t.exp()
    t_hidden = t[hidden]
    t_uu = t_hidden[:, hidden]
    into_classes = t_hidden[:, kept] @ F.one_hot(labels[kept], num_classes).to(t.dtype)  # (u, C)
    system = torch.eye(len(hidden), dtype=t.dtype, device=t.device) - t_uu
    solved, _ = torch.linalg.solve_ex(system, into_classes)
    with torch.no_grad():
        if transition == "stochastic":  # rows of T sum to one, and so do those of the answer
            error = (solved.sum(dim=1) - 1).abs().max()
        else:  # columns of T sum to one: (I - T_uu)' 1 = T_lu' 1
            arriving = t[kept][:, hidden].sum(dim=0)
            error = (torch.linalg.solve_ex(system.T, arriving[:, None])[0] - 1).abs().max()
    return solved, error


def log_propagated_by_elimination(
    log_t: Tensor,
    labels: Tensor,
    hidden: Tensor,
    kept: Tensor,
    num_classes: int,
    transition: str,
    block: int = ELIMINATION_BLOCK,
) -> Tensor:
    """Logarithm of the propagated labels by state reduction in log space (Grassmann, Taksar and Heyman 1985).

    The hidden nodes are eliminated one at a time. The probability of leaving node k, 1 - T_kk, is the sum of its
    transitions to the other nodes (its row, or its column where the columns of T sum to one), so that nothing is
    subtracted and no digits are lost. Time O(u^2 (u + C)); memory for the backward pass
    O(u^2 (u + C) / block + block u^2).

    Args:
        log_t, labels, hidden, kept, num_classes, transition: as in ``log_propagated``.
        block: number of steps whose tensors are kept for the backward pass; the others are recomputed.

    Returns:
        (u, C) float64, -inf for classes without a kept node.
    """
    present = labels[kept].unique()
    log_hidden = log_t[hidden]
    member = labels[kept][:, None] == present[None, :]  # (l, c)
    by_class = log_hidden[:, kept, None].masked_fill(~member, -math.inf).logsumexp(dim=1)  # (u, c)
    matrix = torch.cat([log_hidden[:, hidden], by_class], dim=1)  # (u, u + c)
    arriving = log_t[kept][:, hidden].logsumexp(dim=0) if transition == "column" else None  # (u,)

    steps: list[Tensor] = []
    for top in range(len(hidden), 0, -block):
        bottom = max(top - block, 0)
        if len(hidden) > block and matrix.requires_grad:
            eliminated = checkpoint(_eliminate, matrix, arriving, bottom, use_reentrant=False, preserve_rng_state=False)
        else:
            eliminated = _eliminate(matrix, arriving, bottom)
        matrix, arriving, steps_of_block = eliminated
        steps.extend(steps_of_block)

    log_y: list[Tensor] = []
    for k, step in enumerate(reversed(steps)):  # step: (k + c,), to the nodes before k and the classes
        row = step[k:]
        if k:
            row = torch.logaddexp(row, (step[:k, None] + torch.stack(log_y)).logsumexp(dim=0))
        log_y.append(row)
    answer = log_t.new_full((len(hidden), num_classes), -math.inf)
    return answer.index_copy(1, present, torch.stack(log_y))


def _eliminate(matrix: Tensor, arriving: Tensor | None, bottom: int) -> tuple[Tensor, Tensor | None, list[Tensor]]:
    """Eliminate the last hidden nodes until ``bottom`` of them are left.

    Args:
        matrix: (k, k + c) log transitions between the k remaining nodes and from them into the classes.
        arriving: (k,) log weight that reaches each node from the kept nodes, or None.
        bottom: number of nodes that remain.

    Returns:
        ``matrix`` and ``arriving`` of the remaining nodes, and for each eliminated node the log weights
        (k - 1 + c,) with which it passes its mass on.
    """
    steps = []
    for k in range(len(matrix) - 1, bottom - 1, -1):
        others = torch.cat([matrix[:, :k], matrix[:, k + 1 :]], dim=1)
        if arriving is None:
            leaving = others[k].logsumexp(dim=0)
        else:
            leaving = torch.cat([matrix[:k, k], arriving[k : k + 1]]).logsumexp(dim=0)
        step = others[k] - leaving
        steps.append(step)
        if arriving is not None:
            arriving = torch.logaddexp(arriving[:k], arriving[k] + step[:k])
        matrix = torch.logaddexp(others[:k], matrix[:k, k, None] + step)
    return matrix, arriving, steps


def estimate_sigma(
    embeddings: Tensor, method: str = "sqrt", labels: Tensor | None = None, median: str = "pairs"
) -> float:
    """Width of the affinity from the distances between unit-norm embeddings, before any training.

    Takes 8 bytes of memory for each pair of documents.

    Args:
        embeddings: (N, d), any scale, N >= 2.
        method: with m the median distance, "sqrt" is sqrt(m / 3), as in the paper and its code; "inflection" is
            m / sqrt(3), as derived in the paper's appendix. "nearest-other-class" is a third of the smallest
            non-zero distance between documents of different labels, the third rule of the reference code.
        labels: (N,), needed by "nearest-other-class".
        median: over the "pairs" i < j, or over the "full-matrix" with its zero diagonal and each pair twice, as in
            the reference code.

    Returns:
        Sigma, in units of distance on the unit sphere.

    Raises:
        TypeError: if an argument that is to be a tensor is none.
        ValueError: if there is no distance to measure, or an argument has an unknown value.
    """
    check_embeddings(embeddings)
    if labels is not None:
        labels = class_labels(labels, len(embeddings))
    if len(embeddings) < 2:
        raise ValueError(f"embeddings: {len(embeddings)} document(s) have no distances; at least 2 are needed")
    if broken := int((~embeddings.isfinite()).any(dim=1).sum()):
        raise ValueError(f"embeddings: {broken} of {len(embeddings)} documents have NaN or infinity")
    points = unit_rows(embeddings.detach())
    if method in MEDIAN_RULES:
        return MEDIAN_RULES[method](median_distance(points, median))
    if method == "nearest-other-class":
        if labels is None:
            raise ValueError('labels: needed by the method "nearest-other-class"')
        return nearest_other_class(points, labels) / 3
    raise ValueError(f"method: {method!r} is not one of sqrt, inflection, nearest-other-class")


def median_distance(points: Tensor, median: str = "pairs", block: int = 1024) -> float:
    """Median Euclidean distance between rows; the mean of the middle two if their number is even.

    Args:
        points: (N, d).
        median: "pairs" or "full-matrix", as in ``estimate_sigma``.
        block: number of rows whose distances are computed at once.

    Raises:
        ValueError: if ``median`` has an unknown value, or the distance is zero.
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
    """Smallest non-zero Euclidean distance between rows of different labels.

    Args:
        points: (N, d).
        labels: (N,).
        block: number of rows whose distances are computed at once.

    Raises:
        ValueError: if there is no such pair.
    """
    nearest = math.inf
    for start in range(0, len(points), block):
        apart = labels[start : start + block, None] != labels[None, :]
        distances = torch.cdist(points[start : start + block], points)[apart]
        distances = distances[distances > 0]
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
