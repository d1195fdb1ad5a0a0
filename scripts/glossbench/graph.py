"""The graph of a mini-batch: affinity, transition matrix, label propagation.

Pure tensor functions. Affinities and transition probabilities are kept as logarithms, since an affinity at
sigma = 0.01 can be as small as exp(-20000). Labels are propagated in float64, whatever the type of the embeddings: the
cost is negligible next to the encoder, and the linear solve needs the precision. The search of a width
by neighbours in ``sigma.py`` is in float32. Step numbers refer to the paper's section on G-Loss.
"""

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from glossbench.arguments import check_batch, check_choice, check_mask, check_range, check_sigma, scaled_rows
from glossbench.transfer import lacks_float64

__all__ = ["log_affinity", "log_transition", "propagate_labels", "squared_distances", "unit_rows"]

TRANSITIONS = ("stochastic", "column")

# The solve is used if it conserves probability up to this error. Beyond it the gradient is inaccurate before the value
# is: its error has the condition number squared.
SOLVE_TOLERANCE = 1e-10
# A probability must exceed the error of the solve by this factor for its logarithm to be accurate to 1e-6.
SOLVE_HEADROOM = 1e6
# Number of elimination steps whose tensors are kept for the backward pass; the steps of other blocks are recomputed.
ELIMINATION_BLOCK = 64


def unit_rows(embeddings: Tensor) -> Tensor:
    """Rows scaled to unit Euclidean norm, in float64. (B, d) -> (B, d). Step 1.

    A row of zeros has no direction and stays zero, at a distance of 1 from every other row.
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
        sigma: Width of the affinity, > 0.

    Returns:
        (B, B) float64, -inf on the diagonal.
    """
    return log_affinity_at(squared_distances(unit_rows(embeddings)), sigma)


def log_affinity_at(squared: Tensor, sigma: float | Tensor) -> Tensor:
    """Logarithm of the affinity from squared distances. (B, B) -> (B, B), -inf on the diagonal."""
    log_w = squared / (-2 * sigma**2)
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
    check: bool = True,
) -> tuple[Tensor, bool]:
    """Logarithm of the propagated labels Yhat_u = (I - T_uu)^{-1} T_ul Y_l. Step 6.

    The system is solved by LU. If the solution is not accurate enough, the hidden nodes are eliminated one at a
    time instead, which is slower and loses no digits.

    Args:
        log_t: (B, B) logarithm of the transition matrix.
        labels: (B,) int64; negative for hidden documents of unknown class.
        hidden: (u,) positions of the nodes whose label is hidden.
        kept: (l,) positions of the nodes that keep their label.
        num_classes: Number of classes C.
        transition: How ``log_t`` was normalised, "stochastic" or "column".
        check: Raise where ``log_t`` has NaN. That is looked for only where the solve fails, so it costs nothing.

    Returns:
        (u, C) float64, -inf for classes without a kept node; and whether the nodes were eliminated.

    Raises:
        ValueError: If the embeddings were not finite.
    """
    solved, error = propagated_by_solve(log_t, labels, hidden, kept, num_classes, transition)
    with torch.no_grad():
        true_class = solved.gather(1, labels[hidden, None].clamp(min=0))
        # A class without a kept node has probability zero; its logarithm is not used.
        reachable = is_in(labels[hidden], labels[kept])[:, None]
        smallest = torch.where(reachable, true_class, 1.0).min()
        floor = SOLVE_HEADROOM * (error + torch.finfo(solved.dtype).eps)
        in_range = (solved.min() >= -SOLVE_TOLERANCE) & (
            (transition == "column") | (solved.max() <= 1 + SOLVE_TOLERANCE)
        )
        accurate = (error <= SOLVE_TOLERANCE) & in_range & (smallest >= floor)
    if not accurate:  # the only place where the host waits for the device
        if check and log_t.isnan().any():
            raise ValueError("embeddings: NaN or infinity found")
        return log_propagated_by_elimination(log_t, labels, hidden, kept, num_classes, transition), True
    positive = solved > 0
    return torch.where(positive, torch.where(positive, solved, 1.0).log(), -math.inf), False


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
        labels: (B,) whole numbers; anything negative where the class of a hidden document is unknown. The labels of
            hidden documents have no influence on the probabilities; they only select which of them must be accurate
            to many digits even where they are tiny.
        labeled: (B,) bool, True where the label is kept; at least one.
        num_classes: Number of classes C.
        sigma: Width of the affinity, > 0.
        transition: "stochastic" (rows of the answer sum to one) or "column" (they need not).

    Returns:
        (u, C), the hidden documents in the order of the batch, in the precision of the embeddings but at least
        float32.

    Raises:
        TypeError: If an argument is not a tensor.
        ValueError: If no document keeps its label, or an argument does not fit.

    Example:
        >>> embeddings = torch.tensor([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0]])
        >>> labels, labeled = torch.tensor([0, -1, 1]), torch.tensor([True, False, True])
        >>> propagate_labels(embeddings, labels, labeled, num_classes=2, sigma=0.3).argmax(dim=1)
        tensor([0])
    """
    labels = check_batch(embeddings, labels)
    check_mask("labeled", labeled, len(embeddings))
    check_sigma(sigma)
    check_choice("transition", transition, TRANSITIONS)
    if lacks_float64(embeddings.device):
        found = propagate_labels(embeddings.cpu(), labels.cpu(), labeled.cpu(), num_classes, sigma, transition)
        return found.to(embeddings.device)
    check_range(torch.where(labeled, labels, labels.clamp(min=0)), num_classes)
    hidden, kept = (~labeled).nonzero().squeeze(1), labeled.nonzero().squeeze(1)
    if len(kept) == 0:
        raise ValueError("labeled: at least one document must keep its label")
    dtype = torch.promote_types(embeddings.dtype, torch.float32)
    if len(hidden) == 0:
        return embeddings.new_zeros((0, num_classes), dtype=dtype)
    with torch.autocast(embeddings.device.type, enabled=False):
        log_t = log_transition(log_affinity(embeddings, sigma), transition)
        log_y, _ = log_propagated(log_t, labels, hidden, kept, num_classes, transition)
        return log_y.exp().to(dtype)


def propagated_by_solve(
    log_t: Tensor, labels: Tensor, hidden: Tensor, kept: Tensor, num_classes: int, transition: str
) -> tuple[Tensor, Tensor]:
    """Propagated labels (I - T_uu)^{-1} T_ul Y_l by LU decomposition.

    Args:
        log_t, labels, hidden, kept, num_classes, transition: As in ``log_propagated``.

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
        log_t, labels, hidden, kept, num_classes, transition: As in ``log_propagated``.
        block: Number of steps whose tensors are kept for the backward pass; the others are recomputed.

    Returns:
        (u, C) float64, -inf for classes without a kept node.
    """
    present = torch.unique(labels[kept])
    log_hidden = log_t[hidden]
    member = labels[kept][:, None] == present[None, :]  # (l, c)
    by_class = log_hidden[:, kept, None].masked_fill(~member, -math.inf).logsumexp(dim=1)  # (u, c)
    matrix = torch.cat([by_class, log_hidden[:, hidden]], dim=1)  # (u, c + u)
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
    for k, step in enumerate(reversed(steps)):  # step: (c + k,), to the classes and the nodes before k
        row, before = torch.split(step, [len(present), k])
        if k:
            row = log_add_exp(row, (before[:, None] + torch.stack(log_y)).logsumexp(dim=0))
        log_y.append(row)
    answer = log_t.new_full((len(hidden), num_classes), -math.inf)
    return answer.index_copy(1, present, torch.stack(log_y))


class _LogAddExp(torch.autograd.Function):
    """torch.logaddexp, whose second derivatives are NaN where an argument exceeds the other by more than 709."""

    @staticmethod
    def forward(a: Tensor, b: Tensor) -> Tensor:
        return torch.logaddexp(a, b)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor], output: Tensor) -> None:
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor]:
        a, b = ctx.saved_tensors
        share = torch.sigmoid(b - a)  # of b; that of a is not 1 - share, which would lose its digits
        return gradient * torch.sigmoid(a - b), gradient * share


def log_add_exp(a: Tensor, b: Tensor) -> Tensor:
    """log(exp(a) + exp(b)) of two tensors of the same shape, not both -inf, with first and second derivatives."""
    return _LogAddExp.apply(a, b)  # type: ignore[no-any-return, no-untyped-call]


def _eliminate(matrix: Tensor, arriving: Tensor | None, bottom: int) -> tuple[Tensor, Tensor | None, list[Tensor]]:
    """Eliminate the last hidden nodes until ``bottom`` of them are left.

    Args:
        matrix: (k, c + k) log transitions from the k remaining nodes into the classes and between them.
        arriving: (k,) log weight that reaches each node from the kept nodes, or None.
        bottom: Number of nodes that remain.

    Returns:
        ``matrix`` and ``arriving`` of the remaining nodes, and for each eliminated node the log weights
        (c + k - 1,) with which it passes its mass on.
    """
    steps = []
    for k in range(len(matrix) - 1, bottom - 1, -1):
        others, column = torch.split(matrix, [matrix.shape[1] - 1, 1], dim=1)
        others, row = torch.split(others, [k, 1])
        into = column[:k]
        if arriving is None:
            leaving = row.logsumexp(dim=1, keepdim=True)
        else:
            leaving = torch.cat([into[:, 0], arriving[k:]]).logsumexp(dim=0)
        step = row - leaving
        steps.append(step[0])
        if arriving is not None:
            arriving = log_add_exp(arriving[:k], arriving[k] + step[0, -k:]) if k else arriving[:0]
        matrix = log_add_exp(others, into + step)
    return matrix, arriving, steps
