"""The matrix products that a training step cannot do without, and the least time that they take on this machine.

Two times are given. One takes each product at the shape that the layers give it, with as many rows as the micro-batches
have. The other divides the number of operations by the rate of one large product.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import torch
from glossbench.learning.encoder.loading import layer_list
from glossbench.learning.encoder.packing import micro_batches
from torch import Tensor, nn

from benchmarks.timing import fastest

Call = Callable[[], Tensor]


@dataclass(frozen=True)
class Linear:
    """A linear layer: forward, gradient of its input, gradient of its weights.

    Args:
        rows, inputs, outputs: sizes of its products.
    """

    rows: int
    inputs: int
    outputs: int

    @property
    def flops(self) -> int:
        """Operations of the three products; 6 x parameters x rows."""
        return 6 * self.rows * self.inputs * self.outputs

    def calls(self) -> list[Call]:
        """The three products."""
        x, y = torch.randn(self.rows, self.inputs), torch.randn(self.rows, self.outputs)
        weight = torch.randn(self.outputs, self.inputs)
        return [lambda: x @ weight.T, lambda: y @ weight, lambda: y.T @ x]


@dataclass(frozen=True)
class Attention:
    """Attention within one document.

    Args:
        heads: number of heads H.
        queries: number of tokens that attend.
        keys: number of tokens that are attended to.
        size: size of a head.
    """

    heads: int
    queries: int
    keys: int
    size: int

    @property
    def flops(self) -> int:
        """Operations of the two products forward and the four backward."""
        return 12 * self.heads * self.queries * self.keys * self.size

    def calls(self) -> list[Call]:
        """The six products."""
        query, context = (torch.randn(self.heads, self.queries, self.size) for _ in range(2))
        key, value = (torch.randn(self.heads, self.keys, self.size) for _ in range(2))
        scores = torch.randn(self.heads, self.queries, self.keys)
        return [
            lambda: query @ key.transpose(1, 2),
            lambda: scores @ value,
            lambda: scores.transpose(1, 2) @ context,
            lambda: context @ value.transpose(1, 2),
            lambda: scores @ key,
            lambda: scores.transpose(1, 2) @ query,
        ]


def products(backbone: nn.Module, lengths: Tensor, micro_batch_tokens: int) -> Counter[Linear | Attention]:
    """Products of one training step with the embedding of the first token, and how often each occurs.

    Of the last layer all is computed for the first token of a document, whose queries are compared with whole tokens.

    Args:
        backbone: a transformer whose layers are all trained.
        lengths: (B,) tokens of each document.
        micro_batch_tokens: most tokens of a micro-batch.
    """
    *lower, last = layer_list(backbone)
    heads = backbone.config.num_attention_heads
    size = backbone.config.hidden_size // heads
    found: Counter[Linear | Attention] = Counter()
    for group in micro_batches(lengths, micro_batch_tokens):
        tokens, documents = int(lengths[group].sum()), len(group)
        for layer in lower:
            found.update(Linear(tokens, inputs, outputs) for inputs, outputs in linear_shapes(layer))
        found.update(Linear(documents, inputs, outputs) for inputs, outputs in linear_shapes(last))
    for length in lengths.tolist():
        found[Attention(heads, length, length, size)] += len(lower)
        found[Attention(1, heads, length, heads * size)] += 1
    return found


def linear_shapes(layer: nn.Module) -> list[tuple[int, int]]:
    """Inputs and outputs of the linear layers of a transformer layer, attention's first."""
    shapes = [(part.in_features, part.out_features) for part in layer.modules() if isinstance(part, nn.Linear)]
    return sorted(shapes, key=lambda shape: shape[0] * shape[1])


def flops(found: Counter[Linear | Attention]) -> int:
    """Operations of all products."""
    return sum(times * product.flops for product, times in found.items())


def seconds_at_own_shapes(found: Counter[Linear | Attention], calls: int = 2) -> float:
    """Seconds of all products, each at its own shape, the fastest of several calls."""
    return sum(times * sum(fastest(call, calls) for call in product.calls()) for product, times in found.items())


def square_rate(calls: int = 20) -> float:
    """Operations per second of one large float32 product."""
    a, b = torch.randn(2048, 1024), torch.randn(1024, 1024)
    return 2 * 2048 * 1024 * 1024 / fastest(lambda: a @ b, calls)
