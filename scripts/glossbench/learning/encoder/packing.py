"""Documents one behind the other, without padding: the shape in which a micro-batch goes through an encoder.

Everything that works on single tokens (linear layers, layer norm, GELU, dropout) takes the tokens of all documents as
one matrix. Only attention needs to know where a document begins.
"""

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from glossbench.transfer import to_device

CPU = torch.device("cpu")


@dataclass(frozen=True)
class Packing:
    """Where the documents of a micro-batch begin and end."""

    lengths: tuple[int, ...]  # number of tokens of each of b documents, T in all
    device: torch.device = CPU  # device of the hidden states. What a layer needs is copied there once for all layers

    @classmethod
    def of(cls, lengths: Tensor, device: torch.device = CPU) -> "Packing":
        """From the number of tokens of each document, (b,) on the CPU."""
        return cls(tuple(lengths.tolist()), device)

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
        """(b,) int64: place of each document's first token among all tokens."""
        return to_device(self._starts, self.device)

    @cached_property
    def positions(self) -> Tensor:
        """(T,) int64: position of each token in its document."""
        return to_device(self._positions, self.device)

    @cached_property
    def padded_places(self) -> Tensor:
        """(T,) int64: place of each token in a padded batch of b x L tokens."""
        return to_device(self._positions + self._of_each_token(torch.arange(len(self)) * self.longest), self.device)

    def padded(self, rows: Tensor, filler: float = 0) -> Tensor:
        """Rows (T, ...), one for each token, as a padded batch (b, L, ...)."""
        b, longest = len(self), self.longest
        batch = rows.new_full((b * longest, *rows.shape[1:]), filler)
        return batch.index_copy_(0, self.padded_places, rows).unflatten(0, (b, longest))

    @cached_property
    def padding_mask(self) -> Tensor | None:
        """(b, 1, 1, L) bool: True at the tokens of a padded batch; None where all documents have the same length."""
        if min(self.lengths) == self.longest:
            return None
        lengths = to_device(torch.tensor(self.lengths), self.device)
        return (torch.arange(self.longest, device=self.device) < lengths[:, None])[:, None, None]

    @cached_property
    def _starts(self) -> Tensor:
        lengths = torch.tensor(self.lengths)
        return lengths.cumsum(0) - lengths

    @cached_property
    def _positions(self) -> Tensor:
        return torch.arange(self.tokens) - self._of_each_token(self._starts)

    def _of_each_token(self, of_documents: Tensor) -> Tensor:
        """(T,) on the CPU: each document's value at all of its tokens."""
        return of_documents.repeat_interleave(torch.tensor(self.lengths))


def micro_batches(lengths: Tensor, most_tokens: int) -> list[Tensor]:
    """Divide documents into micro-batches.

    Args:
        lengths: (B,) number of tokens of each document.
        most_tokens: Most tokens of a micro-batch. A longer document has a micro-batch of its own.

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
