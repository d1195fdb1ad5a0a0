"""Documents in memory as training reads them: ragged, padded batch by batch."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch
from torch import Tensor


@dataclass(frozen=True)
class Documents:
    """N documents of different lengths, concatenated; T tokens in all.

    Document i is ``values[offsets[i]:offsets[i + 1]]``.

    Args:
        values: (T,) int64 token ids, or (T, hidden) float states of frozen layers.
        offsets: (N + 1,) int64, always on the CPU, so that reading a length never waits for the device.
        labels: (N,) int64, on the device of ``values``.
        doc_ids: N names.
        pad_id: Value of padded positions in ``pad``; padded states are zero.
        token_types: (T,) int64, on the device of ``values``: the text of a pair that a token belongs to. None where
            documents are single texts or the encoder has no token types.

    Raises:
        ValueError: The lengths of the arguments do not agree.
    """

    values: Tensor
    offsets: Tensor
    labels: Tensor
    doc_ids: list[str]
    pad_id: int = 0
    token_types: Tensor | None = None

    def __post_init__(self):
        """Check that the lengths agree."""
        if not len(self.offsets) - 1 == len(self.labels) == len(self.doc_ids):
            raise ValueError(
                f"{len(self.offsets) - 1} offsets, {len(self.labels)} labels and {len(self.doc_ids)} ids, "
                f"expected as many of each"
            )
        for tokens in (self.values, self.token_types):
            if tokens is not None and int(self.offsets[-1]) != len(tokens):
                raise ValueError(f"offsets end at {int(self.offsets[-1])}, expected all {len(tokens)} tokens")

    def __len__(self) -> int:
        return len(self.doc_ids)

    @property
    def lengths(self) -> Tensor:
        """Tokens of each document, (N,) int64 on the CPU."""
        return self.offsets.diff()

    def to(self, device: torch.device | str) -> Documents:
        """The same documents with values, labels and token types on a device."""
        types = None if self.token_types is None else self.token_types.to(device)
        return replace(self, values=self.values.to(device), labels=self.labels.to(device), token_types=types)

    def select(self, indices: Tensor | np.ndarray | list[int]) -> Documents:
        """The documents at these positions, in this order."""
        indices = torch.as_tensor(indices, dtype=torch.int64, device="cpu")
        lengths = self.lengths[indices]
        offsets = _offsets(lengths)
        shifts = self.offsets[indices] - offsets[:-1]  # from a document's new place to its old one
        rows = torch.arange(int(offsets[-1])) + shifts.repeat_interleave(lengths)
        rows = rows.to(self.values.device)
        return replace(
            self,
            values=self.values[rows],
            token_types=None if self.token_types is None else self.token_types[rows],
            offsets=offsets,
            labels=self.labels[indices.to(self.labels.device)],
            doc_ids=[self.doc_ids[i] for i in indices.tolist()],
        )

    def pad(self, indices: Tensor | np.ndarray | list[int]) -> tuple[Tensor, Tensor]:
        """The documents at B positions, padded to the longest of them, L tokens.

        Nothing waits for the device.

        Returns:
            Values, (B, L) or (B, L, hidden), and the attention mask, (B, L) int64, 1 on tokens and 0 on padding; both
            on the device of ``values``.
        """
        rows, mask = self._places(indices)
        values = self.values[rows]  # (B, L[, hidden])
        if values.dim() == 3:
            return values.masked_fill(~mask[..., None], 0), mask.long()
        return values.masked_fill(~mask, self.pad_id), mask.long()

    def pad_types(self, indices: Tensor | np.ndarray | list[int]) -> Tensor | None:
        """Token types of what ``pad`` gives, (B, L) int64, 0 on padding; None where documents have none."""
        if self.token_types is None:
            return None
        rows, mask = self._places(indices)
        return self.token_types[rows].masked_fill(~mask, 0)

    def _places(self, indices: Tensor | np.ndarray | list[int]) -> tuple[Tensor, Tensor]:
        """Rows of ``values`` for B padded documents, (B, L) int64, and where there is a token, (B, L) bool."""
        indices = torch.as_tensor(indices, dtype=torch.int64, device="cpu")
        lengths = self.lengths[indices]
        longest = int(lengths.max()) if len(lengths) else 0
        device = self.values.device
        bounds = torch.stack([self.offsets[indices], lengths])  # (2, B): one copy to the device, not two
        bounds = bounds.to(device, non_blocking=True)
        places = torch.arange(longest, device=device)  # (L,)
        mask = places < bounds[1, :, None]  # (B, L)
        return torch.where(mask, bounds[0, :, None] + places, 0), mask


def load_documents(tokens_dir: str | Path, split: str, pad_id: int = 0) -> Documents:
    """Read one split that ``tokens.save_tokens`` wrote; tensors are on the CPU.

    Args:
        tokens_dir: The folder that ``save_tokens`` wrote.
        split: "train", "val" or "test".
        pad_id: Padding id of the tokenizer, or of the encoder's configuration.
    """
    table = datasets.load_from_disk(str(Path(tokens_dir) / split)).with_format("arrow")[:]
    ids = table.column("input_ids")
    types = table.column("token_type_ids") if "token_type_ids" in table.column_names else None
    return Documents(
        values=_flat(ids),
        token_types=None if types is None else _flat(types),
        offsets=_offsets(_tensor(pc.list_value_length(ids))),
        labels=_tensor(table.column("label")),
        doc_ids=table.column("doc_id").to_pylist(),
        pad_id=pad_id,
    )


def _flat(lists: pa.ChunkedArray) -> Tensor:
    return torch.from_numpy(np.concatenate([chunk.flatten().to_numpy() for chunk in lists.chunks]).astype(np.int64))


def _tensor(column: pa.ChunkedArray) -> Tensor:
    # copied, since the memory of an arrow column is a read-only map of its file
    return torch.from_numpy(column.to_numpy().astype(np.int64, copy=True))


def _offsets(lengths: Tensor) -> Tensor:
    """From lengths, (N,), the start of each document and the end of the last, (N + 1,)."""
    return torch.nn.functional.pad(lengths.cumsum(0), (1, 0))
