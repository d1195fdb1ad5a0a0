"""The graph of a mini-batch: affinity, transition, label propagation, and estimates of its width sigma.

Pure tensor functions. Affinities and transitions are kept as logarithms: at sigma = 0.01 an affinity is as
small as exp(-20000). Everything is computed in float64, whatever the embeddings come in: at the size of a batch
it costs nothing beside the encoder, and the linear solve needs the digits.
"""

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.checkpoint import checkpoint

TRANSITIONS = ("stochastic", "column")

# The solve is trusted while probability is conserved this well; beyond it the gradient, which multiplies the
# error by the condition number once more, is the first to go wrong.
SOLVE_TOLERANCE = 1e-10
# A wanted probability must stand this far above the error of the solve for its logarithm to be good to 1e-6.
SOLVE_HEADROOM = 1e6
# Sigma from the median distance between unit-norm embeddings, as published and as the appendix derives it.
MEDIAN_RULES = {"sqrt": lambda m: math.sqrt(m / 3), "inflection": lambda m: m / math.sqrt(3)}
# The elimination keeps its steps for the backward pass; in blocks of so many it recomputes them instead.
ELIMINATION_BLOCK = 64


def unit_rows(embeddings: Tensor) -> Tensor:
    """Rows scaled to unit Euclidean norm, in float64. (B, d) -> (B, d). Step 1 of the method."""
    return F.normalize(embeddings.double(), dim=1)


def squared_distances(points: Tensor) -> Tensor:
    """Squared Euclidean distances between rows. (B, d) -> (B, B), not clamped: rounding may leave -1e-16."""
    gram = points @ points.T
    norms = gram.diagonal()
    return norms[:, None] + norms[None, :] - 2 * gram


def log_affinity(embeddings: Tensor, sigma: float) -> Tensor:
    """Logarithm of W_ij = exp(-||x_i - x_j||^2 / (2 sigma^2)) on unit rows, W_ii = 0. Step 2.

    embeddings: (B, d), any scale. Returns (B, B), float64, -inf on the diagonal.
    """
    log_w = squared_distances(unit_rows(embeddings)) / (-2 * sigma**2)
    diagonal = torch.eye(len(log_w), dtype=torch.bool, device=log_w.device)
    return log_w.masked_fill(diagonal, -math.inf)


def log_transition(log_w: Tensor, transition: str = "stochastic") -> Tensor:
    """Logarithm of the transition matrix T of A = D^{-1/2} W D^{-1/2}. Steps 3 and 5.

    log_w: (B, B), -inf on the diagonal, B >= 2. Returns (B, B).
    "column" stops at T_ij = A_ij / sum_m A_mj, as the paper prints it; "stochastic" then normalises the rows, as
    Zhu and Ghahramani (2002) do, which makes propagated rows sum to one.
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
    """Logarithm of Yhat_u = (I - T_uu)^{-1} T_ul Y_l. Step 6.

    log_t: (B, B). labels: (B,) int64. hidden: (u,) and kept: (l,) are the positions of the nodes without and
    with their label. Returns (u, C); -inf for classes that no kept node has.

    Solves, and checks the answer; where the check fails, eliminates the hidden nodes by additions alone.
    """
    solved, error = _solve(log_t, labels, hidden, kept, num_classes, transition)
    with torch.no_grad():
        wanted = solved.gather(1, labels[hidden, None])
        # a class without a kept node has probability zero, and nobody asks for its logarithm
        reachable = torch.isin(labels[hidden], labels[kept])[:, None]
        smallest = torch.where(reachable, wanted, 1.0).min()
        floor = SOLVE_HEADROOM * (error + torch.finfo(solved.dtype).eps)
        in_range = (solved.min() >= -SOLVE_TOLERANCE) & (
            (transition == "column") | (solved.max() <= 1 + SOLVE_TOLERANCE)
        )
        sound = (error <= SOLVE_TOLERANCE) & in_range & (smallest >= floor)
    if not sound:  # the one point where the host waits for the device
        return _reduce(log_t, labels, hidden, kept, num_classes, transition)
    positive = solved > 0
    return torch.where(positive, torch.where(positive, solved, 1.0).log(), -math.inf)


def propagate_labels(
    embeddings: Tensor,
    labels: Tensor,
    labeled: Tensor,
    num_classes: int,
    sigma: float,
    transition: str = "stochastic",
) -> Tensor:
    """Class probabilities that the graph of a batch gives to the documents whose label is hidden. Steps 1-6.

    embeddings: (B, d) float, any scale. labels: (B,) int64; those of hidden documents decide nothing but how the
    answer is computed. labeled: (B,) bool, True where the label is kept, at least one. Returns (u, num_classes)
    in the order of the batch, in the precision of the embeddings and at least float32. With "stochastic" each
    row sums to one; with "column" it need not.
    """
    hidden, kept = (~labeled).nonzero().squeeze(1), labeled.nonzero().squeeze(1)
    if len(kept) == 0:
        raise ValueError("labeled: at least one document must keep its label")
    dtype = torch.promote_types(embeddings.dtype, torch.float32)
    if len(hidden) == 0:
        return embeddings.new_zeros((0, num_classes), dtype=dtype)
    with torch.autocast(embeddings.device.type, enabled=False):
        log_t = log_transition(log_affinity(embeddings, sigma), transition)
        return log_propagated(log_t, labels, hidden, kept, num_classes, transition).exp().to(dtype)


def _solve(
    log_t: Tensor, labels: Tensor, hidden: Tensor, kept: Tensor, num_classes: int, transition: str
) -> tuple[Tensor, Tensor]:
    """(I - T_uu)^{-1} T_ul Y_l by LU, and by how much it fails to conserve probability (NaN or inf if it broke)."""
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


def _reduce(log_t: Tensor, labels: Tensor, hidden: Tensor, kept: Tensor, num_classes: int, transition: str) -> Tensor:
    """The same by state reduction (Grassmann, Taksar, Heyman 1985) in log space: no subtraction, no loss of digits.

    Hidden nodes are taken out one at a time. What leaves node k, 1 - T_kk, is added up from what goes elsewhere
    (the row, or the column where the columns of T sum to one) instead of being subtracted from one.
    Cost O(u^2 (u + C)); memory for the backward pass O(u^2 (u + C) / ELIMINATION_BLOCK + ELIMINATION_BLOCK u^2).
    """
    present = labels[kept].unique()
    log_hidden = log_t[hidden]
    member = labels[kept][:, None] == present[None, :]  # (l, c)
    by_class = log_hidden[:, kept, None].masked_fill(~member, -math.inf).logsumexp(dim=1)  # (u, c)
    matrix = torch.cat([log_hidden[:, hidden], by_class], dim=1)  # (u, u + c)
    arriving = log_t[kept][:, hidden].logsumexp(dim=0) if transition == "column" else None  # (u,)

    steps: list[Tensor] = []
    for top in range(len(hidden), 0, -ELIMINATION_BLOCK):
        bottom = max(top - ELIMINATION_BLOCK, 0)
        if len(hidden) > ELIMINATION_BLOCK and matrix.requires_grad:
            done = checkpoint(_eliminate, matrix, arriving, bottom, use_reentrant=False, preserve_rng_state=False)
        else:
            done = _eliminate(matrix, arriving, bottom)
        matrix, arriving, block = done
        steps.extend(block)

    log_y: list[Tensor] = []
    for k, step in enumerate(reversed(steps)):  # step: (k + c,), towards the nodes before k and the classes
        row = step[k:]
        if k:
            row = torch.logaddexp(row, (step[:k, None] + torch.stack(log_y)).logsumexp(dim=0))
        log_y.append(row)
    answer = log_t.new_full((len(hidden), num_classes), -math.inf)
    return answer.index_copy(1, present, torch.stack(log_y))


def _eliminate(matrix: Tensor, arriving: Tensor | None, bottom: int) -> tuple[Tensor, Tensor | None, list[Tensor]]:
    """Take out the last hidden nodes until ``bottom`` are left.

    matrix: (k, k + c) log transitions among the k nodes left and into the classes. arriving: (k,) log weight
    that reaches each of them from the kept nodes, or None. Returns both for what is left, and for each node
    taken out the log weights (k - 1 + c,) with which it passes its mass on.
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

    embeddings: (N, d), any scale, N >= 2. With m the median distance:
    "sqrt": sqrt(m / 3), as published and coded; "inflection": m / sqrt(3), as the appendix derives;
    "nearest-other-class": smallest non-zero distance between documents of different labels, / 3 (the reference
    code's third rule; needs labels). median: over the "pairs" i < j, or over the "full-matrix" with its zero
    diagonal and each pair twice, as the reference code takes it. Needs 8 bytes for each pair. Raises ValueError
    where there is no distance.
    """
    if len(embeddings) < 2:
        raise ValueError(f"embeddings: {len(embeddings)} document(s) have no distances; at least 2 are needed")
    points = unit_rows(embeddings.detach())
    if method in MEDIAN_RULES:
        return MEDIAN_RULES[method](median_distance(points, median))
    if method == "nearest-other-class":
        if labels is None:
            raise ValueError('labels: needed by the method "nearest-other-class"')
        return nearest_other_class(points, labels) / 3
    raise ValueError(f"method: {method!r} is not one of sqrt, inflection, nearest-other-class")


def median_distance(points: Tensor, median: str = "pairs", block: int = 1024) -> float:
    """Median Euclidean distance over pairs of rows, the mean of the middle two if their number is even.

    points: (N, d). median: "pairs" or "full-matrix", as in estimate_sigma.
    """
    squared = np.concatenate([_upper_triangle(points, start, block) for start in range(0, len(points), block)])
    if median == "pairs":
        middle = [(len(squared) - 1) // 2, len(squared) // 2]
    elif median == "full-matrix":  # the N zeros come first, then each pair twice
        squared = np.append(squared, 0.0)
        entries = len(points) ** 2
        middle = [max(position - len(points) + 2, 0) // 2 for position in ((entries - 1) // 2, entries // 2)]
    else:
        raise ValueError(f"median: {median!r} is not one of pairs, full-matrix")
    return float(np.sqrt(np.partition(squared, middle)[middle].clip(min=0)).mean())


def nearest_other_class(points: Tensor, labels: Tensor, block: int = 1024) -> float:
    """Smallest non-zero Euclidean distance between rows of different labels. points: (N, d); labels: (N,)."""
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
    """Squared distances of rows start .. start + block to all rows behind each of them, as a flat array."""
    rows, behind = points[start : start + block], points[start:]
    squared = rows.square().sum(dim=1)[:, None] + behind.square().sum(dim=1)[None, :] - 2 * rows @ behind.T
    return squared[torch.ones_like(squared, dtype=torch.bool).triu(diagonal=1)].cpu().numpy()
