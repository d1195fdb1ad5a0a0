"""A pre-trained encoder: loaded from disk, cut in two, and run over documents in length-sorted micro-batches."""

import os
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn

from glossbench.data.documents import Documents
from glossbench.errors import TrainingError
from glossbench.learning.first_token import read_first_token_only


class Encoder(nn.Module):
    """Documents in, embeddings out.

    Args:
        backbone: a transformer of the BERT, RoBERTa or DistilBERT family.
        pooling: "cls", the last hidden state of the first token, or "mean", its mean over a document's tokens.
        micro_batch_size: documents encoded at once.
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
        return self.backbone.config.hidden_size

    def forward(self, documents: Documents, indices: Tensor | None = None) -> Tensor:
        """Embeddings (B, d) of the documents at ``indices`` (B,), or of all, in their order.

        Documents are sorted by length, cut into micro-batches, each padded to its own longest, and put back: the
        same embeddings and gradients as one padded batch gives, for less work.
        """
        indices = torch.arange(len(documents)) if indices is None else indices
        by_length = documents.lengths[indices].argsort(stable=True)
        pooled = torch.cat([self._encode(documents, part) for part in indices[by_length].split(self.micro_batch_size)])
        return pooled[by_length.argsort().to(pooled.device, non_blocking=True)]

    def _encode(self, documents: Documents, indices: Tensor) -> Tensor:
        hidden, mask = last_hidden_state(self.backbone, documents, indices)
        if self.pooling == "cls":
            return hidden[:, 0]
        weights = mask.to(hidden.dtype).unsqueeze(-1)  # (b, L, 1)
        return (hidden * weights).sum(dim=1) / weights.sum(dim=1)


def last_hidden_state(backbone: nn.Module, documents: Documents, indices: Tensor) -> tuple[Tensor, Tensor]:
    """Hidden states (b, L, d) and mask (b, L) of documents padded to the longest of them."""
    values, mask = documents.pad(indices)
    lengths = documents.lengths[indices]
    # Decided on the host: transformers would ask the device whether the mask is needed, and wait for it. A mask
    # with four dimensions is passed through as it is.
    attend = None if lengths.min() == lengths.max() else mask.bool()[:, None, None, :]
    given = {"inputs_embeds": values.float()} if values.ndim == 3 else {"input_ids": values}
    if values.ndim == 2 and documents.token_types is not None:  # pairs of texts, for an encoder that tells them apart
        given["token_type_ids"] = documents.pad_types(indices)
    return backbone(**given, attention_mask=attend).last_hidden_state, mask


def load_backbone(folder: Path, layers: int | None = None) -> nn.Module:
    """A pre-trained transformer in float32 without pooling head, from safetensors in ``folder``.

    layers: keep only the first so many. Raises TrainingError where the folder does not hold such a model.
    """
    os.environ["HF_HUB_OFFLINE"] = "1"  # everything is on disk already
    from transformers import AutoConfig, AutoModel
    from transformers.utils import logging as transformers_logging

    transformers_logging.set_verbosity_error()  # the dropped pooling head is not news
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
    """Token id that an encoder pads with, by its config.json or what its family does."""
    from transformers import AutoConfig

    padding = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False).pad_token_id
    return 0 if padding is None else padding


def layer_list(backbone: nn.Module) -> nn.ModuleList:
    """The transformer layers of a BERT, RoBERTa or DistilBERT model, first one first."""
    for stack in ("encoder", "transformer"):
        layers = getattr(getattr(backbone, stack, None), "layer", None)
        if layers is not None:
            return layers
    raise TrainingError(f"{type(backbone).__name__}: not of the BERT, RoBERTa or DistilBERT family")


def keep_layers(backbone: nn.Module, first: int, last: int) -> nn.Module:
    """Keep layers first .. last - 1 of a backbone, in place, and return it.

    With first > 0 its input is the output of layer first - 1, given as ``inputs_embeds``.
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
    """The same documents, each as the last hidden states (tokens, d) of its tokens, float16; dropout off.

    Half precision halves what a study keeps on disk and in memory. Raises TrainingError where a state is beyond it.
    """
    backbone.eval()
    states = torch.empty((len(documents.values), backbone.config.hidden_size), dtype=torch.float16)
    for part in documents.lengths.argsort(stable=True).split(micro_batch_size):
        hidden, mask = last_hidden_state(backbone, documents, part)
        rows = torch.cat([torch.arange(documents.offsets[i], documents.offsets[i + 1]) for i in part.tolist()])
        states[rows] = hidden[mask.bool()].cpu().half()
    if not states.isfinite().all():
        raise TrainingError("a frozen layer's output does not fit half precision; leave trainable_layers out")
    return replace(documents, values=states)


class _AlreadyEmbedded(nn.Module):
    """Stands where the embeddings were when the input is a lower layer's output already."""

    def forward(self, *args: Tensor, inputs_embeds: Tensor | None = None, **_: object) -> Tensor:
        return inputs_embeds if inputs_embeds is not None else args[1]  # DistilBERT passes it by position
