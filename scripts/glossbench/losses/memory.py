"""Past documents that remain nodes of the graph (cross-batch memory, Wang et al. 2020)."""

from typing import Any

import torch
from torch import Tensor, nn


class Memory(nn.Module):
    """The last documents of earlier batches, embeddings without a gradient and labels; a ``state_dict`` holds them.

    Args:
        size: largest number of documents.
    """

    embeddings: Tensor
    labels: Tensor

    def __init__(self, size: int):
        super().__init__()
        self.size = size
        self.register_buffer("embeddings", torch.empty(0, 0, device="cpu"))
        self.register_buffer("labels", torch.empty(0, dtype=torch.long, device="cpu"))

    def __len__(self) -> int:
        return len(self.labels)

    def before(self, embeddings: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """What is remembered, in the type of a batch and on its device."""
        past = self.embeddings.to(embeddings) if len(self) else embeddings.detach()[:0]
        return past, self.labels.to(labels.device)

    @torch.no_grad()
    def remember(self, embeddings: Tensor, labels: Tensor) -> None:
        """Put documents behind the earlier ones, and forget the first."""
        both = zip(self.before(embeddings, labels), (embeddings, labels), strict=True)
        self.embeddings, self.labels = (torch.cat(pair)[-self.size :] for pair in both)

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *args: Any) -> None:
        """Make room for what was remembered, whose shape and type are not those of what is here."""
        for name, here in self.named_buffers():
            if (stored := state_dict.get(prefix + name)) is not None:
                setattr(self, name, torch.empty_like(stored, device=here.device))
        super()._load_from_state_dict(state_dict, prefix, *args)
