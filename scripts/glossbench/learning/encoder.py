"""A pre-trained encoder: loading it, splitting it into frozen and trained layers, and encoding documents."""

import os
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from glossbench.data.documents import Documents
from glossbench.errors import TrainingError
from glossbench.learning.attention import use_packed_attention
from glossbench.learning.dropout import replace_dropout
from glossbench.learning.first_token import first_tokens
from glossbench.learning.packing import Packing, micro_batches
from glossbench.transfer import to_device


class Encoder(nn.Module):
    """Turns documents into embeddings.

    Args:
        backbone: a transformer of the BERT, RoBERTa or DistilBERT family; its attention and dropout are replaced.
        pooling: "cls", the last hidden state of the first token, or "mean", the mean over the tokens of a document.
        micro_batch_tokens: most tokens encoded at once; a longer document is encoded alone.
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
        groups = micro_batches(documents.lengths[indices], self.micro_batch_tokens)
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


def load_backbone(folder: Path, layers: int | None = None) -> nn.Module:
    """Load a pre-trained transformer in float32, without pooling head, from safetensors.

    Args:
        folder: configuration and weights.
        layers: number of layers to keep, from the first; None keeps all.

    Raises:
        TrainingError: if the folder does not contain such a model.
    """
    os.environ["HF_HUB_OFFLINE"] = "1"  # all files are on disk
    from transformers import AutoConfig, AutoModel
    from transformers.utils import logging as transformers_logging

    transformers_logging.set_verbosity_error()  # no warning about the pooling head that is left out
    transformers_logging.disable_progress_bar()
    try:
        config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        poolable = {} if config.model_type == "distilbert" else {"add_pooling_layer": False}
        backbone = AutoModel.from_pretrained(
            folder,
            config=config,
            dtype=torch.float32,
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=True,
            **poolable,
        )
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise TrainingError(
            f"{folder}: not an encoder that transformers can load from safetensors: {reason}"
        ) from error
    if layers is not None:
        keep_layers(backbone, 0, layers)
    return backbone


def layer_list(backbone: nn.Module) -> nn.ModuleList:
    """The transformer layers of a BERT, RoBERTa or DistilBERT model, from input to output."""
    for stack in ("encoder", "transformer"):
        layers = getattr(getattr(backbone, stack, None), "layer", None)
        if layers is not None:
            return layers
    raise TrainingError(f"{type(backbone).__name__}: not of the BERT, RoBERTa or DistilBERT family")


def keep_layers(backbone: nn.Module, first: int, last: int) -> nn.Module:
    """Keep some layers of a backbone, in place.

    Args:
        backbone: a transformer.
        first: first layer to keep. If it is not 0, the input of the backbone is the output of layer ``first - 1``.
        last: layer after the last one to keep.

    Returns:
        The backbone.

    Raises:
        TrainingError: if the backbone does not have these layers.
    """
    layers = layer_list(backbone)
    if not 0 <= first < last <= len(layers):
        raise TrainingError(f"layers {first} to {last} of an encoder with {len(layers)}")
    del layers[last:]
    del layers[:first]
    if first:
        backbone.embeddings = nn.Identity()
    return backbone


@torch.no_grad()
def hidden_states(backbone: nn.Module, documents: Documents, micro_batch_tokens: int = 2048) -> Documents:
    """Replace the tokens of documents by their last hidden states, computed without dropout.

    Args:
        backbone: a transformer; its attention and dropout are replaced.
        documents: N documents of T tokens in total.
        micro_batch_tokens: most tokens encoded at once.

    Returns:
        The documents with values (T, d) float16, which take half the space of float32.

    Raises:
        TrainingError: if a hidden state is out of the range of float16.
    """
    prepared(backbone).eval()
    states = torch.empty((len(documents.values), backbone.config.hidden_size), dtype=torch.float16)
    for group in micro_batches(documents.lengths, micro_batch_tokens):
        read = documents.select(group)
        packing = Packing.of(read.lengths, read.values.device)
        hidden = through_layers(layer_list(backbone), embed(backbone, read), packing)
        states[documents.rows(group)] = hidden.cpu().half()
    if not states.isfinite().all():
        raise TrainingError("a frozen layer's output does not fit half precision; leave trainable_layers out")
    return replace(documents, values=states)
