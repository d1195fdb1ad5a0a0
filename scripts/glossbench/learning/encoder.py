"""A pre-trained encoder: loading it, splitting it into frozen and trained layers, and encoding documents."""

import os
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn

from glossbench.data.documents import Documents
from glossbench.errors import TrainingError
from glossbench.learning.first_token import read_first_token_only


class Encoder(nn.Module):
    """Turns documents into embeddings.

    Args:
        backbone: a transformer of the BERT, RoBERTa or DistilBERT family.
        pooling: "cls", the last hidden state of the first token, or "mean", the mean over the tokens of a document.
        micro_batch_size: number of documents encoded at once.

    Raises:
        ValueError: if the pooling is neither of these.
    """

    def __init__(self, backbone: nn.Module, pooling: str = "cls", micro_batch_size: int = 32):
        super().__init__()
        if pooling not in ("cls", "mean"):
            raise ValueError(f"pooling: {pooling!r} is not one of cls, mean")
        self.backbone, self.pooling, self.micro_batch_size = backbone, pooling, micro_batch_size
        if pooling == "cls":
            read_first_token_only(layer_list(backbone)[-1])

    @property
    def dimension(self) -> int:
        """Size d of an embedding."""
        return self.backbone.config.hidden_size

    def forward(self, documents: Documents, indices: Tensor | None = None) -> Tensor:
        """Encode documents.

        The documents are sorted by length and encoded in micro-batches, each padded to its longest document. This
        gives the same embeddings and gradients as a single padded batch, in less time.

        Args:
            documents: N documents.
            indices: (B,) positions of the documents to encode; by default all.

        Returns:
            Embeddings (B, d) in the order of ``indices``.
        """
        indices = torch.arange(len(documents)) if indices is None else indices
        by_length = documents.lengths[indices].argsort(stable=True)
        micro_batches = indices[by_length].split(self.micro_batch_size)
        pooled = torch.cat([self._encode(documents, micro_batch) for micro_batch in micro_batches])
        return pooled[by_length.argsort().to(pooled.device, non_blocking=True)]

    def _encode(self, documents: Documents, indices: Tensor) -> Tensor:
        hidden, mask = last_hidden_state(self.backbone, documents, indices)
        if self.pooling == "cls":
            return hidden[:, 0]
        weights = mask.to(hidden.dtype).unsqueeze(-1)  # (b, L, 1)
        return (hidden * weights).sum(dim=1) / weights.sum(dim=1)


def last_hidden_state(backbone: nn.Module, documents: Documents, indices: Tensor) -> tuple[Tensor, Tensor]:
    """Run a backbone on documents padded to the longest of them.

    Args:
        backbone: a transformer.
        documents: N documents.
        indices: (b,) positions of the documents to encode.

    Returns:
        Hidden states (b, L, d) of the last layer, and the attention mask (b, L).
    """
    values, mask = documents.pad(indices)
    lengths = documents.lengths[indices]
    # Whether a mask is needed is decided on the host, since transformers would wait for the device to decide it.
    # transformers uses a mask with four dimensions as it is.
    attend = None if lengths.min() == lengths.max() else mask.bool()[:, None, None, :]
    given = {"inputs_embeds": values.float()} if values.ndim == 3 else {"input_ids": values}
    if values.ndim == 2 and documents.token_types is not None:  # pairs of texts, for an encoder with token types
        given["token_type_ids"] = documents.pad_types(indices)
    return backbone(**given, attention_mask=attend).last_hidden_state, mask


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


def padding_id(folder: Path) -> int:
    """Token id that an encoder pads with: the one in its config.json, or the default of its family."""
    from transformers import AutoConfig

    padding = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False).pad_token_id
    return 0 if padding is None else padding


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
        first: first layer to keep. If it is not 0, the backbone takes the output of layer ``first - 1`` as
            ``inputs_embeds``.
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
        backbone.embeddings = _AlreadyEmbedded()
    return backbone


@torch.no_grad()
def hidden_states(backbone: nn.Module, documents: Documents, micro_batch_size: int = 32) -> Documents:
    """Replace the tokens of documents by their last hidden states, computed without dropout.

    Args:
        backbone: a transformer.
        documents: N documents of T tokens in total.
        micro_batch_size: number of documents encoded at once.

    Returns:
        The documents with values (T, d) float16, which take half the space of float32.

    Raises:
        TrainingError: if a hidden state is out of the range of float16.
    """
    backbone.eval()
    states = torch.empty((len(documents.values), backbone.config.hidden_size), dtype=torch.float16)
    for batch in documents.lengths.argsort(stable=True).split(micro_batch_size):
        hidden, mask = last_hidden_state(backbone, documents, batch)
        rows = torch.cat([torch.arange(documents.offsets[i], documents.offsets[i + 1]) for i in batch.tolist()])
        states[rows] = hidden[mask.bool()].cpu().half()
    if not states.isfinite().all():
        raise TrainingError("a frozen layer's output does not fit half precision; leave trainable_layers out")
    return replace(documents, values=states)


class _AlreadyEmbedded(nn.Module):
    """Takes the place of the embeddings of a backbone whose input is the output of a lower layer."""

    def forward(self, *args: Tensor, inputs_embeds: Tensor | None = None, **_: object) -> Tensor:
        return inputs_embeds if inputs_embeds is not None else args[1]  # DistilBERT passes it by position
