"""Documents one behind the other, without padding: the shape in which a micro-batch goes through an encoder.

Everything that works on single tokens (linear layers, layer norm, GELU, dropout) takes the tokens of all documents as
one matrix. Only attention needs to know where a document begins.
"""

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor


@dataclass(frozen=True)
class Packing:
    """Where the documents of a micro-batch begin and end.

    Args:
        lengths: number of tokens of each of b documents, T in all.
    """

    lengths: tuple[int, ...]

    @classmethod
    def of(cls, lengths: Tensor) -> "Packing":
        """From the number of tokens of each document, (b,) on the CPU."""
        return cls(tuple(lengths.tolist()))

    def __len__(self) -> int:
        return len(self.lengths)

    @property
    def tokens(self) -> int:
        """Number of tokens T."""
        return sum(self.lengths)

    @property
    def longest(self) -> int:
        """Number of tokens L of the longest document."""
        return max(self.lengths)

    @cached_property
    def starts(self) -> Tensor:
        """(b,) int64 on the CPU: place of each document's first token among all tokens."""
        lengths = torch.tensor(self.lengths)
        return lengths.cumsum(0) - lengths

    @cached_property
    def positions(self) -> Tensor:
        """(T,) int64 on the CPU: position of each token in its document."""
        lengths = torch.tensor(self.lengths)
        return torch.arange(self.tokens) - self.starts.repeat_interleave(lengths)

    @cached_property
    def padded_places(self) -> Tensor:
        """(T,) int64 on the CPU: place of each token in a padded batch of b x L tokens."""
        documents = torch.arange(len(self)).repeat_interleave(torch.tensor(self.lengths))
        return documents * self.longest + self.positions


def micro_batches(lengths: Tensor, most_tokens: int) -> list[Tensor]:
    """Divide documents into micro-batches.

    Args:
        lengths: (B,) number of tokens of each document.
        most_tokens: most tokens of a micro-batch. A longer document has a micro-batch of its own.

    Returns:
        Positions of the documents of each micro-batch, short documents first.
    """
    order = lengths.argsort(stable=True)
    sizes, size, tokens = [], 0, 0
    for length in lengths[order].tolist():
        if size and tokens + length > most_tokens:
            sizes.append(size)
            size = tokens = 0
        size, tokens = size + 1, tokens + length
    return list(order.split([*sizes, size])) if len(lengths) else []
