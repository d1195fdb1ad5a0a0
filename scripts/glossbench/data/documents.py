"""Documents in memory as training reads them: one behind the other, without padding."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch
from torch import Tensor

from glossbench.files import read_json, reading
from glossbench.transfer import to_device

CARD = "card.json"  # beside tokens; see ``tokens.tokenize``


@dataclass(frozen=True)
class Documents:
    """N documents of different lengths, concatenated; T tokens in all.

    Document i is ``values[offsets[i]:offsets[i + 1]]``.

    Raises:
        ValueError: The lengths of the arguments do not agree.
    """

    values: Tensor  # (T,) int64 token ids, or (T, hidden) float states of frozen layers
    offsets: Tensor  # (N + 1,) int64, always on the CPU, so that reading a length never waits for the device
    labels: Tensor  # (N,) int64, on the device of ``values``
    doc_ids: list[str]  # N names
    # (T,) int64, on the device of ``values``: the text of a pair that a token belongs to. None where documents are
    # single texts or the encoder has no token types.
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
        rows = to_device(self.rows(indices), self.values.device)
        return replace(
            self,
            values=self.values.index_select(0, rows),  # a copy of rows; indexing goes by element
            token_types=None if self.token_types is None else self.token_types.index_select(0, rows),
            offsets=_offsets(self.lengths[indices]),
            labels=self.labels[to_device(indices, self.labels.device)],
            doc_ids=[self.doc_ids[i] for i in indices.tolist()],
        )

    def rows(self, indices: Tensor | np.ndarray | list[int]) -> Tensor:
        """Places in ``values`` of the tokens of some documents, one document after the other, int64 on the CPU."""
        indices = torch.as_tensor(indices, dtype=torch.int64, device="cpu")
        lengths = self.lengths[indices]
        offsets = _offsets(lengths)
        shifts = self.offsets[indices] - offsets[:-1]  # from a document's new place to its old one
        return torch.arange(int(offsets[-1])) + shifts.repeat_interleave(lengths)


def load_documents(tokens_dir: str | Path, split: str) -> Documents:
    """Read one split of the folder that ``tokens.tokenize`` wrote; tensors are on the CPU."""
    folder, tables = Path(tokens_dir) / split, []
    for file in sorted(folder.glob("data-*.arrow")):  # importing ``datasets`` takes longer than reading
        with reading(file), pa.memory_map(str(file)) as source:
            tables.append(pa.ipc.open_stream(source).read_all())
    with reading(folder):
        table = pa.concat_tables(tables)
    ids = table.column("input_ids")
    types = table.column("token_type_ids") if "token_type_ids" in table.column_names else None
    return Documents(
        values=_flat(ids),
        token_types=None if types is None else _flat(types),
        offsets=_offsets(_tensor(pc.list_value_length(ids))),
        labels=_tensor(table.column("label")),
        doc_ids=table.column("doc_id").to_pylist(),
    )


def _flat(lists: pa.ChunkedArray) -> Tensor:
    return torch.from_numpy(np.concatenate([chunk.flatten().to_numpy() for chunk in lists.chunks]).astype(np.int64))


def _tensor(column: pa.ChunkedArray) -> Tensor:
    # copied, since the memory of an arrow column is a read-only map of its file
    return torch.from_numpy(column.to_numpy().astype(np.int64, copy=True))


def _offsets(lengths: Tensor) -> Tensor:
    """From lengths, (N,), the start of each document and the end of the last, (N + 1,)."""
    return torch.nn.functional.pad(lengths.cumsum(0), (1, 0))


def odd_tokens(folder: Path) -> dict[str, float | None]:
    """Shares of the training documents' tokens as columns of a run; None where the tokens were made without a card."""
    card = read_json(folder / CARD) if (folder / CARD).is_file() else {"train": {}}
    return {f"{name}_tokens": card["train"].get(name) for name in ("unknown", "truncated")}
