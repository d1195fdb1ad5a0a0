"""Past documents that remain nodes of the graph (cross-batch memory, Wang et al. 2020)."""

from typing import Any

import torch
from torch import Tensor, nn


class Memory(nn.Module):
    """The last documents of earlier batches, embeddings without a gradient and labels; a ``state_dict`` holds them.

    Attributes:
        size: largest number of documents.
    """

    embeddings: Tensor
    labels: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.size = 0
        self.register_buffer("embeddings", torch.empty(0, 0, device="cpu"))
        self.register_buffer("labels", torch.empty(0, dtype=torch.long, device="cpu"))

    def __len__(self) -> int:
        return len(self.labels)

    def converted_to(self, embeddings: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """The stored documents, in the dtype and on the device of a batch."""
        past = self.embeddings.to(embeddings) if len(self) else embeddings.detach()[:0]
        return past, self.labels.to(labels.device)

    @torch.no_grad()
    def remember(self, embeddings: Tensor, labels: Tensor) -> None:
        """Append documents and drop the oldest beyond ``size``. Rows that are not finite are stored as zeros."""
        embeddings = torch.where(embeddings.isfinite().all(dim=1, keepdim=True), embeddings, 0)
        both = zip(self.converted_to(embeddings, labels), (embeddings, labels), strict=True)
        self.embeddings, self.labels = map(torch.cat, both)
        self.trim()

    def trim(self) -> None:
        """Drop the oldest beyond ``size``. The rest is cloned: a saved state holds nothing of what was dropped."""
        if (surplus := len(self) - self.size) > 0:
            self.embeddings, self.labels = self.embeddings[surplus:].clone(), self.labels[surplus:].clone()

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *args: Any) -> None:
        """Load stored documents of any number and dtype; see ``GLoss``."""
        for name, here in self.named_buffers():
            stored = state_dict.setdefault(prefix + name, here)
            setattr(self, name, torch.empty_like(stored, device=here.device))
        super()._load_from_state_dict(state_dict, prefix, *args)
        self.trim()
