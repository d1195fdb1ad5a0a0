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
        # not persistent, since their shapes are those of what was remembered; see get_extra_state
        self.register_buffer("embeddings", torch.empty(0, 0, device="cpu"), persistent=False)
        self.register_buffer("labels", torch.empty(0, dtype=torch.long, device="cpu"), persistent=False)

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

    def get_extra_state(self) -> dict[str, Tensor]:
        return {"embeddings": self.embeddings, "labels": self.labels}

    def set_extra_state(self, state: dict[str, Any]) -> None:
        self.embeddings = state["embeddings"].to(self.embeddings.device)
        self.labels = state["labels"].to(self.labels.device)
