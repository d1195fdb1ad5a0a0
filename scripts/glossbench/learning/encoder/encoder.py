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

# Families whose layers take packed documents, as tests compare with transformers; first_token.py knows their parts.
PACKED = ("bert", "roberta", "xlm-roberta", "camembert", "distilbert")
FIRST_TOKEN_FACTOR = 16  # by which micro-batches are larger where only first tokens go through the top layer


class Encoder(nn.Module):
    """Turns documents into embeddings.

    Args:
        backbone: a transformer that encodes; its dropout is replaced, and its attention where its family is known.
        pooling: "cls", the last hidden state of the first token, or "mean", the mean over the tokens of a document.
        micro_batch_tokens: Most tokens encoded at once; a longer document is alone. ``FIRST_TOKEN_FACTOR`` times
            as many where the top layer is all there is and only first tokens go through it.
        gradient_cache: Keep no activations of a micro-batch, and compute them again in the backward pass with the same
            dropout. A batch then takes the memory of a micro-batch, and a third more time.
    """

    def __init__(
        self, backbone: nn.Module, pooling: str = "cls", micro_batch_tokens: int = 1024, gradient_cache: bool = False
    ):
        super().__init__()
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
        first_only = self.pooling == "cls" and self._is_top_alone(documents.values)
        most_tokens = self.micro_batch_tokens * (FIRST_TOKEN_FACTOR if first_only else 1)
        groups = micro_batches(documents.lengths[indices], most_tokens)
        # With gradients, the word table is read once for all micro-batches: its gradient is written in full each time.
        readings = [groups] if torch.is_grad_enabled() else [[group] for group in groups]
        pooled = torch.cat([part for reading in readings for part in self._encode(documents, indices, reading)])
        return pooled[to_device(torch.cat(groups).argsort(), pooled.device)]

    def _is_top_alone(self, values: Tensor) -> bool:
        """Whether documents are the states that enter the only layer, and ``first_tokens`` knows it."""
        config = self.backbone.config
        return values.ndim == 2 and config.num_hidden_layers == 1 and config.model_type in (*PACKED, "mpnet")

    def _encode(self, documents: Documents, indices: Tensor, groups: list[Tensor]) -> list[Tensor]:
        """Embeddings (b, d) of each micro-batch; their documents are read together."""
        read = documents.select(indices[torch.cat(groups)])
        packings = [Packing.of(documents.lengths[indices[group]], read.values.device) for group in groups]
        sizes = [packing.tokens for packing in packings]
        entering = embed(self.backbone, read) if is_packed(self.backbone) else read.values
        types = [None] * len(groups) if read.token_types is None else read.token_types.split(sizes)
        if self.gradient_cache and torch.is_grad_enabled():
            pooled = partial(checkpoint, self._pooled, use_reentrant=False)
        else:
            pooled = self._pooled
        return [pooled(*part) for part in zip(entering.split(sizes), packings, types, strict=True)]

    def _pooled(self, entering: Tensor, packing: Packing, types: Tensor | None) -> Tensor:
        """Embeddings (b, d) of documents.

        Args:
            entering: (T, hidden) states that enter the first layer; of an encoder that is not packed, token ids too.
            packing: The documents.
            types: (T,) token types, or None.
        """
        first = self.pooling == "cls"
        if is_packed(self.backbone):
            *lower, last = layer_list(self.backbone)
            hidden = through_layers(lower if first else [*lower, last], entering, packing)
        elif first and self._is_top_alone(entering):
            hidden = entering.float()
        else:
            hidden = last_states(self.backbone, entering, packing, types)
            if first:
                return hidden[packing.starts]
        if first:
            return first_tokens(self.backbone, hidden, packing)
        return torch.stack([document.mean(dim=0) for document in hidden.split(packing.lengths)])


def prepared(backbone: nn.Module) -> nn.Module:
    """The backbone with dropout that costs little and, where its family is known, packed attention; in place."""
    if is_packed(backbone):
        use_packed_attention(backbone)
    replace_dropout(backbone)
    return backbone


def is_packed(backbone: nn.Module) -> bool:
    """Whether documents go through the layers without padding; other families take their own, padded way."""
    return backbone.config.model_type in PACKED


def last_states(backbone: nn.Module, values: Tensor, packing: Packing, types: Tensor | None) -> Tensor:
    """Last hidden states (T, hidden) of documents, by the transformer's own forward pass of a padded batch.

    Args:
        backbone: Any transformer.
        values: (T,) token ids, or (T, hidden) states of lower layers that the backbone lacks.
        packing: The documents.
        types: (T,) token types, or None.
    """
    places = packing.padded_places
    given = {"attention_mask": packing.padded(torch.ones_like(places))}
    if values.ndim == 2:
        given["inputs_embeds"] = packing.padded(values.float())
    else:
        given["input_ids"] = packing.padded(values, backbone.config.pad_token_id or 0)
    if types is not None:
        given["token_type_ids"] = packing.padded(types)
    return backbone(**given).last_hidden_state.flatten(0, 1).index_select(0, places)


def embed(backbone: nn.Module, documents: Documents) -> Tensor:
    """Hidden states that enter the first layer of a prepared backbone.

    Args:
        backbone: a prepared backbone.
        documents: Documents of T tokens in all, token ids or states of frozen layers.

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
