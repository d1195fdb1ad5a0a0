"""Embeddings of packed documents from a pre-trained transformer."""

from collections.abc import Iterable
from functools import partial

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from glossbench.data.documents import Documents
from glossbench.learning.encoder.attention import use_packed_attention
from glossbench.learning.encoder.dropout import replace_dropout
from glossbench.learning.encoder.first_token import first_tokens
from glossbench.learning.encoder.loading import layer_list
from glossbench.learning.encoder.packing import Packing, micro_batches
from glossbench.transfer import to_device


class Encoder(nn.Module):
    """Turns documents into embeddings.

    Args:
        backbone: a transformer of the BERT, RoBERTa or DistilBERT family; its attention and dropout are replaced.
        pooling: "cls", the last hidden state of the first token, or "mean", the mean over the tokens of a document.
        micro_batch_tokens: most tokens encoded at once; a longer document is encoded alone. Sixteen times as many where
            the top layer is all there is and only first tokens go through it.
        gradient_cache: keep no activations of a micro-batch, and compute them again in the backward pass with the same
            dropout. A batch then takes the memory of a micro-batch, and a third more time.

    Raises:
        ValueError: if the pooling is neither of these.
    """

    def __init__(
        self, backbone: nn.Module, pooling: str = "cls", micro_batch_tokens: int = 1024, gradient_cache: bool = False
    ):
        super().__init__()
        if pooling not in ("cls", "mean"):
            raise ValueError(f"pooling: {pooling!r} is not one of cls, mean")
        self.backbone, self.pooling = prepared(backbone), pooling
        self.micro_batch_tokens, self.gradient_cache = micro_batch_tokens, gradient_cache

    @property
    def dimension(self) -> int:
        """Size d of an embedding."""
        return self.backbone.config.hidden_size

    def forward(self, documents: Documents, indices: Tensor | None = None) -> Tensor:
        """Encode documents.

        The documents are sorted by length and encoded in micro-batches without padding. This gives the same embeddings
        and gradients as a single padded batch, in less time.

        Args:
            documents: N documents.
            indices: (B,) positions of the documents to encode; by default all.

        Returns:
            Embeddings (B, d) in the order of ``indices``.
        """
        indices = torch.arange(len(documents)) if indices is None else indices
        first_only = documents.values.ndim == 2 and self.pooling == "cls" and len(layer_list(self.backbone)) == 1
        most_tokens = self.micro_batch_tokens * (16 if first_only else 1)
        groups = micro_batches(documents.lengths[indices], most_tokens)
        # With gradients, the word table is read once for all micro-batches: its gradient is written in full each time.
        readings = [groups] if torch.is_grad_enabled() else [[group] for group in groups]
        pooled = torch.cat([part for reading in readings for part in self._encode(documents, indices, reading)])
        return pooled[to_device(torch.cat(groups).argsort(), pooled.device)]

    def _encode(self, documents: Documents, indices: Tensor, groups: list[Tensor]) -> list[Tensor]:
        """Embeddings (b, d) of each micro-batch; their documents are read together."""
        read = documents.select(indices[torch.cat(groups)])
        packings = [Packing.of(documents.lengths[indices[group]], read.values.device) for group in groups]
        parts = embed(self.backbone, read).split([packing.tokens for packing in packings])
        if self.gradient_cache and torch.is_grad_enabled():
            pooled = partial(checkpoint, self._pooled, use_reentrant=False)
        else:
            pooled = self._pooled
        return [pooled(hidden, packing) for hidden, packing in zip(parts, packings, strict=True)]

    def _pooled(self, hidden: Tensor, packing: Packing) -> Tensor:
        """Embeddings (b, d) of documents from the hidden states (T, hidden) that enter the first layer."""
        *lower, last = layer_list(self.backbone)
        hidden = through_layers(lower, hidden, packing)
        if self.pooling == "cls":
            return first_tokens(last, hidden, packing)
        hidden = through_layers([last], hidden, packing)
        return torch.stack([document.mean(dim=0) for document in hidden.split(packing.lengths)])


def prepared(backbone: nn.Module) -> nn.Module:
    """The backbone with attention of packed documents and dropout that costs little, in place."""
    use_packed_attention(backbone)
    replace_dropout(backbone)
    return backbone


def embed(backbone: nn.Module, documents: Documents) -> Tensor:
    """Hidden states that enter the first layer of a prepared backbone.

    Args:
        backbone: a prepared backbone.
        documents: documents of T tokens in all, token ids or states of frozen layers.

    Returns:
        (T, hidden).
    """
    if documents.values.ndim == 2:
        return documents.values.float()
    embeddings = backbone.embeddings
    positions = Packing.of(documents.lengths, documents.values.device).positions
    if hasattr(embeddings, "padding_idx"):  # RoBERTa counts positions from the one after its padding token's id
        positions = positions + embeddings.padding_idx + 1
    given = {"input_ids": documents.values[None], "position_ids": positions[None]}
    if documents.token_types is not None:  # pairs of texts, for an encoder with token types
        given["token_type_ids"] = documents.token_types[None]
    return embeddings(**given)[0]


def through_layers(layers: Iterable[nn.Module], hidden: Tensor, packing: Packing) -> Tensor:
    """Hidden states (T, hidden) of packed documents after some layers of a prepared backbone."""
    hidden = hidden[None]
    for layer in layers:
        hidden = layer(hidden, packing=packing)
    return hidden[0]
