"""What a loss is given by the training engine, and what it may report back.

A loss is a ``torch.nn.Module`` that is called as ``loss(embeddings, labels)`` with embeddings (B, d) float32 and
labels (B,) int64, and returns a scalar. Nothing more is required, so the losses of pytorch-metric-learning can be
used as they are. A loss may also have any of these four members:

- ``needs``, a frozenset of names from ``AVAILABLE``, each of which the engine passes as a keyword argument: "logits"
  (B, C) float32, which exist only in the integrated protocol; "logits_again" (B, C), those of a second pass through
  dropout, whose cross-entropy then counts too; "num_classes", the number of classes C; "class_weights" (C,) float32,
  or None where the study asks for none.
- ``report()``: scalar tensors of the last call by name, the same names after every call; averaged over the documents
  of an epoch, they become columns of epochs.csv. If it takes ``graph``, the engine asks once per epoch, for the first
  batch, with ``graph=True``.
- ``timer``: if it exists, the engine sets it; see ``timed``.
- ``check``: if it exists, whether to raise where embeddings are NaN or infinite; the engine sets it to False, since it
  says itself where a run's loss is not finite.
"""

import inspect
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from torch import Tensor

AVAILABLE = ("class_weights", "logits", "logits_again", "num_classes")
TIMED_PARTS = ("graph", "propagation")
Timer = Callable[[str], AbstractContextManager[Any]]


def needs_of(loss: Callable[..., Tensor]) -> frozenset[str]:
    """What a loss needs beyond embeddings and labels.

    Raises:
        ValueError: If it needs something that is not in ``AVAILABLE``.
    """
    needs = frozenset(getattr(loss, "needs", ()))
    if unknown := sorted(needs.difference(AVAILABLE)):
        raise ValueError(f"needs: {', '.join(unknown)} found, expected {', '.join(AVAILABLE)}")
    return needs


def describes_graph(loss: Any) -> bool:
    """Whether a loss reports on the graph of a batch: ``report(graph=True)``."""
    return hasattr(loss, "report") and "graph" in inspect.signature(loss.report).parameters


def timed(timer: Timer | None, part: str) -> AbstractContextManager[Any]:
    """The context in which a loss computes one of its ``TIMED_PARTS``; without a timer it does nothing."""
    return nullcontext() if timer is None else timer(part)
