"""G-Loss: how well labels hidden within a mini-batch are recovered by propagation over the graph of the batch."""

import inspect
import math
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from glossbench.arguments import (
    check_batch,
    check_choice,
    check_class_weights,
    check_count,
    check_finite,
    check_fraction,
    check_generator,
    check_mask,
    check_positive,
    check_sigma,
)
from glossbench.graph import (
    TRANSITIONS,
    log_affinity_at,
    log_propagated,
    log_transition,
    squared_distances,
    unit_rows,
)
from glossbench.losses.criteria import Propagation, chance_of, describe, node_losses
from glossbench.losses.gathering import gathered, world_size
from glossbench.losses.labeling import complementary_splits, count_classes, draw_split
from glossbench.losses.memory import Memory
from glossbench.losses.protocol import Timer, timed
from glossbench.sigma import sigma_for_median, sigma_for_neighbors
from glossbench.transfer import lacks_float64

CRITERIA = ("nll", "softmax")
REDUCTIONS = ("mean", "sum", "none")
DEFAULT_SIGMA = 0.5
WIDTHS = ("neighbors", "sigma_over_median", "sigma")  # sigma last, since it is None only beside another one
CHECKS: dict[str, Callable[[str, Any], None]] = {  # at each assignment, the constructor's included
    "labeled_fraction": check_fraction,
    "transition": partial(check_choice, choices=TRANSITIONS),
    "criterion": partial(check_choice, choices=CRITERIA),
    "reduction": partial(check_choice, choices=REDUCTIONS),
    "class_weights": lambda _, weights: None if weights is None else check_class_weights(weights),
    "generator": lambda _, generator: check_generator(generator),
    "memory": check_count,
}


class GLoss(nn.Module):
    """L_G = mean over evaluation nodes of -log Yhat[true class]: steps 1-8 of the paper's section on G-Loss.

    Evaluation nodes are the documents of a batch whose label is hidden. While training they are drawn at each call.
    After ``eval()`` the batch is evaluated in complementary splits, in which each document is hidden once: the same
    batch has the same loss each time, and no random number is drawn.

    Args:
        sigma: Width of the Gaussian affinity between unit-norm embeddings, > 0; 0.5 where neither it nor another
            width is given.
        neighbors: k, in the place of sigma: sigma is found for each batch so that its documents have k effective
            neighbours on average, see ``glossbench.sigma``. No gradient goes through sigma.
        sigma_over_median: In the place of sigma: sigma is this multiple of the median distance of each batch.
        labeled_fraction: Share gamma of a batch that keeps its labels, in (0, 1).
        transition: "stochastic" (columns normalised, then rows) or "column" (columns only, as printed).
        criterion: "nll", as in the paper: evaluation nodes whose class has no labeled node in the batch are left
            out. "softmax", as in the reference code: cross-entropy with the propagated probabilities as logits;
            with transition "column" these are not probabilities and overflow at a small sigma.
        class_weights: (C,) weight of each class in the mean, or None.
        stratified: Keep the label of at least one document of each class, as far as the number of labels allows.
        reduction: "mean", "sum" or "none" (one value per evaluation node, zero where it is left out).
        divide_again: Divide by the number of evaluation nodes a second time, as the reference code does.
        ignore_index: Label of documents without a class, such as -100. They are nodes of the graph whose label is
            hidden, and have no term in the loss. To find them the host waits for an accelerator; with None, every
            document has a class and it need not.
        generator: Of the CPU, for the draw of the split; None is torch's default one.
        check: Raise where embeddings are NaN or infinite, rather than return NaN.
        gather: One graph over the batches of all processes of ``torch.distributed``, which must all call the loss and
            then all have its value. Under DistributedDataParallel the gradient is that of the one large batch.
        memory: Keep the last N documents of earlier training batches as further nodes, with their label and without
            a gradient (cross-batch memory); documents without a class are not kept. Choose N far below the number of
            training documents: otherwise a hidden document finds itself there, with its label. The ``state_dict`` has
            them. Evaluation and calls without gradients use them and add none.

    Attributes:
        left_out: share of evaluation nodes of the last call whose class has no labeled node, which "nll" leaves out;
            a scalar tensor, None before any call.
        last_split: positions of the hidden documents, in the order of the values of reduction "none", and of the kept
            ones; after ``eval()`` all documents are both. Positions are those of the gathered batch, and after it
            come the remembered documents.
        last_weights: weight in the mean of each value of reduction "none", 0 where it is left out. The values are
            already multiplied by it: the mean is their sum over the sum of the weights. None where there was nothing
            to predict.
        timer: None, or a function that returns a context manager; entered as ``timer("graph")`` and
            ``timer("propagation")``.

    Raises:
        TypeError: If class weights are not a tensor.
        ValueError: If an argument is out of range or not one of its values.

    Recommendations:
        Take ``neighbors`` of 20 to 60 at B = 128, less with many small classes: from a sigma of the median distance
        up the loss is a weight and no graph. With many classes use ``stratified=True``.

    Example:
        >>> loss_fn = GLoss(neighbors=40)
        >>> loss = loss_fn(embeddings, labels)  # (B, d), (B,)
        >>> loss.backward()

    References:
        Sharma, Agarwal, Kumar (2025): G-Loss: Graph-Guided Fine-Tuning of Language Models, arXiv:2604.25853.
        Zhu, Ghahramani (2002): Learning from labeled and unlabeled data with label propagation.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"num_classes", "class_weights"})
    class_weights: Tensor | None

    def __init__(
        self,
        sigma: float | None = None,
        *,
        neighbors: float | None = None,
        sigma_over_median: float | None = None,
        labeled_fraction: float = 0.7,
        transition: str = "stochastic",
        criterion: str = "nll",
        class_weights: Tensor | None = None,
        stratified: bool = False,
        reduction: str = "mean",
        divide_again: bool = False,
        ignore_index: int | None = None,
        generator: torch.Generator | None = None,
        check: bool = True,
        gather: bool = False,
        memory: int = 0,
    ):
        super().__init__()
        widths = {"sigma": sigma, "neighbors": neighbors, "sigma_over_median": sigma_over_median}
        if len(found := [f"{name}: {value}" for name, value in widths.items() if value is not None]) > 1:
            raise ValueError(f"{' beside '.join(found)} found, expected one of them")
        self.past = Memory()
        self.neighbors, self.sigma_over_median = neighbors, sigma_over_median
        self.sigma = sigma if found else DEFAULT_SIGMA
        self.labeled_fraction, self.transition = labeled_fraction, transition
        self.criterion, self.stratified = criterion, stratified
        self.reduction, self.divide_again = reduction, divide_again
        self.ignore_index, self.generator, self.check = ignore_index, generator, check
        self.gather, self.memory = gather, memory
        self.register_buffer("class_weights", None)
        self.class_weights = class_weights
        self.left_out: Tensor | None = None
        self.last_split: tuple[Tensor, Tensor] | None = None
        self.last_weights: Tensor | None = None
        self.timer: Timer | None = None
        self._graph: Propagation | None = None

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "sigma" and (value is not None or self.neighbors is self.sigma_over_median is None):
            check_sigma(value)
        if name in ("neighbors", "sigma_over_median") and value is not None:
            check_positive(name, value)
            if name == "neighbors" and value < 1:
                raise ValueError(f"neighbors: {value} is below 1")
        if name in CHECKS:
            CHECKS[name](name, value)
        super().__setattr__(name, value)
        if name in WIDTHS and value is not None:  # in the place of the others
            for other in WIDTHS:
                if other != name:
                    object.__setattr__(self, other, None)

    @property
    def memory(self) -> int:
        """Number of past documents that are kept; a smaller number drops the oldest at once."""
        return self.past.size

    @memory.setter
    def memory(self, size: int) -> None:
        self.past.size = int(size)
        self.past.trim()

    def forward(
        self,
        embeddings: Tensor,
        labels: Tensor,
        labeled: Tensor | None = None,
        num_classes: int | None = None,
        class_weights: Tensor | None = None,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """G-Loss of a batch.

        Args:
            embeddings: (B, d) float, any scale; a row of zeros has the distance 1 to all others.
            labels: (B,) whole numbers of at least 0, or ``ignore_index``.
            labeled: (B,) bool, True where the label is kept; by default drawn, or after ``eval()`` complementary.
            num_classes: C; by default the number of classes that the labels have, for which the host waits for an
                accelerator.
            class_weights: (C,) weights of this call, instead of the constructor's.
            generator: Of this call, instead of the constructor's.

        Returns:
            A scalar, or (evaluation nodes,) with reduction "none", in the precision of the embeddings but at least
            float32. Zero, with a gradient of zero, if there is nothing to predict or nothing to predict it from.

        Raises:
            TypeError: If an argument is not a tensor.
            ValueError: If shapes, types or labels do not fit together, or embeddings are not finite.
        """
        labels = check_batch(embeddings, labels)
        if labeled is not None:
            check_mask("labeled", labeled, len(embeddings))
        if class_weights is None:
            class_weights = self.class_weights
        else:
            check_class_weights(class_weights)
        if self.gather and world_size() > 1:
            embeddings, labels = gathered(embeddings), gathered(labels)
            labeled = labeled if labeled is None else gathered(labeled)
        batch = embeddings, labels
        if len(self.past):
            both = zip(batch, self.past.converted_to(*batch), strict=True)
            embeddings, labels = (torch.cat(pair) for pair in both)
            labeled = labeled if labeled is None else F.pad(labeled, (0, len(self.past)), value=True)
        given: list[Any] = [embeddings, labels, labeled, num_classes, class_weights, generator]
        if lacks_float64(embeddings.device):
            cpu: list[Any] = [value.cpu() if isinstance(value, Tensor) else value for value in given]
            loss = self._loss(*cpu).to(embeddings.device)
        else:
            loss = self._loss(*given)
        if self.memory and self.training and torch.is_grad_enabled():
            known = slice(None) if self.ignore_index is None else batch[1] != self.ignore_index
            self.past.remember(batch[0][known], batch[1][known])
        return loss

    def _loss(
        self,
        embeddings: Tensor,
        labels: Tensor,
        labeled: Tensor | None,
        num_classes: int | None,
        class_weights: Tensor | None,
        generator: torch.Generator | None,
    ) -> Tensor:
        """The loss of the nodes of a graph, the last ``len(self.past)`` of which are remembered."""
        counts = num_classes is None
        labels, num_classes = count_classes(labels, num_classes, class_weights, self.ignore_index)
        if counts and num_classes == 1 < len(labels) and not self.training:
            warnings.warn(
                "labels: a batch of one class, whose loss is 0; are the documents sorted by class?", stacklevel=5
            )
        splits, unlabeled = self._splits(labels, labeled, generator)
        hidden = torch.cat([hidden for hidden, _ in splits]) if len(splits) > 1 else splits[0][0]
        dtype = torch.promote_types(embeddings.dtype, torch.float32)
        splits = [split for split in splits if len(split[0]) and len(split[1])]
        if not splits:
            self.left_out, self.last_split = embeddings.new_zeros(()), (hidden, hidden[:0])
            self.last_weights = self._graph = None
            if self.check:
                check_finite(embeddings)
            nothing = (embeddings.to(dtype) * 0).sum()
            return nothing.expand(len(hidden)) if self.reduction == "none" else nothing
        with torch.autocast(embeddings.device.type, enabled=False):
            with timed(self.timer, "graph"):
                squared = squared_distances(unit_rows(embeddings))
                sigma = self._width(squared.detach())
                log_t = log_transition(log_affinity_at(squared, sigma), self.transition)
            with timed(self.timer, "propagation"):
                found = [
                    log_propagated(
                        log_t, labels, torch.cat([nodes, unlabeled]) if len(unlabeled) else nodes, kept, num_classes,
                        self.transition, self.check,
                    )
                    for nodes, kept in splits
                ]  # fmt: skip
            graph = Propagation(
                squared=squared.detach(),
                sigma=sigma,
                propagated=[log_y[: len(nodes)] for (log_y, _), (nodes, _) in zip(found, splits, strict=True)],
                truth=[labels[nodes] for nodes, _ in splits],
                known=[labels[kept] for _, kept in splits],
                weights=class_weights,
                eliminated=any(eliminated for _, eliminated in found),
            )
            losses, weights, reachable = node_losses(graph, self.criterion, self.divide_again)  # steps 7 and 8
            loss, self.left_out = self._reduced(losses, weights), 1 - reachable.double().mean()
        self.last_split, self.last_weights = (hidden, splits[0][1]), weights
        if len(splits) > 1:
            order = hidden.argsort()
            loss = loss[order] if self.reduction == "none" else loss
            self.last_split, self.last_weights = (hidden[order], hidden[order]), weights[order]
        self._graph = graph._replace(propagated=[log_y.detach() for log_y in graph.propagated])
        return loss.to(dtype)

    def report(self, graph: bool = False) -> dict[str, Tensor]:
        """What the last call found, as scalars; the host waits for none of them.

        Args:
            graph: Describe the graph too.

        Returns:
            left_out_share: see ``left_out``. And, with ``graph``:
            sigma; sigma_over_median: relative to the median distance; effective_neighbors: see ``glossbench.sigma``;
            propagated_accuracy: share of evaluation nodes whose most probable propagated class is theirs;
            chance_loss: the loss if each were given the classes' shares of the labeled nodes;
            eliminated: whether the linear solve had to give way to elimination, 0 or 1.
        """
        if self.left_out is None:
            return {}
        said = {"left_out_share": self.left_out}
        if not graph or (last := self._graph) is None:
            return said
        losses, weights, _ = node_losses(last._replace(propagated=chance_of(last)), self.criterion, self.divide_again)
        return said | describe(last) | {"chance_loss": self._reduced(losses, weights).mean()}

    def get_extra_state(self) -> Tensor:
        """The width, which a ``state_dict`` holds: a tensor, since safetensors has nothing else, NaN where None."""
        values = (getattr(self, name) for name in WIDTHS)
        return torch.tensor([math.nan if v is None else float(v) for v in values], dtype=torch.float64, device="cpu")

    def set_extra_state(self, state: Tensor) -> None:
        """Take the width from a ``state_dict``."""
        for name, value in zip(WIDTHS, state.tolist(), strict=True):
            setattr(self, name, None if math.isnan(value) else value)

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *args: Any) -> None:
        """Keep the width that is here where a checkpoint, as of a model trained with another loss, has none."""
        state_dict.setdefault(f"{prefix}_extra_state", self.get_extra_state())
        super()._load_from_state_dict(state_dict, prefix, *args)

    def extra_repr(self) -> str:
        return ", ".join(f"{name}={getattr(self, name)!r}" for name in inspect.signature(GLoss).parameters)

    def _width(self, squared: Tensor) -> float | Tensor:
        if self.sigma is not None:
            return self.sigma
        if self.neighbors is not None:
            if self.neighbors >= len(squared) - 1:
                warnings.warn("neighbors: a batch has no more other documents; the graph is flat", stacklevel=6)
            return sigma_for_neighbors(squared, self.neighbors)
        if self.sigma_over_median is not None:
            return sigma_for_median(squared, self.sigma_over_median)
        raise ValueError(f"{', '.join(WIDTHS)}: None found of all, expected one of them")

    def _splits(
        self, labels: Tensor, labeled: Tensor | None, generator: torch.Generator | None
    ) -> tuple[list[tuple[Tensor, Tensor]], Tensor]:
        """The splits of a batch, hidden and kept positions, and the positions of documents without a class.

        Args:
            labels: (B,) int64, negative for documents without a class; the last ones are remembered.
            labeled: (B,) bool, or None.
            generator: Of this call, or None.
        """
        present = len(labels) - len(self.past)
        past = torch.arange(present, len(labels), device=labels.device)
        known, unlabeled = None, labels.new_zeros(0)
        if self.ignore_index is not None:
            known, unlabeled = (labels >= 0).nonzero().squeeze(1), (labels < 0).nonzero().squeeze(1)
        if labeled is not None:
            with_class = labels >= 0 if known is not None else torch.ones_like(labeled)
            hidden, kept = (~labeled & with_class).nonzero().squeeze(1), (labeled & with_class).nonzero().squeeze(1)
            if len(hidden) and not len(kept) and len(labels) > 1:
                raise ValueError("labeled: at least one document must keep its label")
            return [(hidden, kept)], unlabeled
        drawn_from = labels[:present] if known is None else labels[known[: len(known) - len(past)]]
        if self.training:
            check_generator(generator)
            generator = self.generator if generator is None else generator
            splits = [draw_split(drawn_from, self.labeled_fraction, self.stratified, generator, self.gather)]
        else:
            splits = complementary_splits(drawn_from, self.labeled_fraction)
        if known is not None:
            splits = [(known[hidden], known[kept]) for hidden, kept in splits]
        return [(hidden, torch.cat([kept, past]) if len(past) else kept) for hidden, kept in splits], unlabeled

    def _reduced(self, losses: Tensor, weights: Tensor) -> Tensor:
        if self.reduction == "none":
            return losses
        total = losses.sum()
        if self.reduction == "sum":
            return total
        # If all nodes are left out, the sum is a zero that still has a gradient.
        weight = weights.sum()
        return total / torch.where(weight > 0, weight, torch.ones_like(weight))


LOSS = GLoss
