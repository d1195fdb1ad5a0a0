"""The layers of a pre-trained transformer, loaded from safetensors."""

import os
import re
from inspect import signature
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from glossbench.checksums import CHECKSUMS, listed_files
from glossbench.data.encoders import weight_shapes, wrapper
from glossbench.errors import FetchError, TrainingError
from glossbench.settings.training import EncoderSettings


def load_backbone(folder: Path, layers: int | None = None, dropout: float | None = None) -> nn.Module:
    """Load a pre-trained transformer in float32, without pooling head, from safetensors.

    Args:
        folder: Configuration and weights.
        layers: Number of layers to keep, from the first; None keeps all.
        dropout: Every probability of dropout in it; None keeps those of its configuration.

    Raises:
        FetchError: If a file is not the one that was fetched.
        TrainingError: If the folder does not contain such a model, or a weight is missing.
    """
    os.environ["HF_HUB_OFFLINE"] = "1"  # all files are on disk
    if (folder / CHECKSUMS).is_file():
        listed_files(folder / CHECKSUMS, verify=True)
    from transformers import MODEL_MAPPING, AutoConfig, AutoModel
    from transformers.utils import logging as transformers_logging

    transformers_logging.set_verbosity_error()  # no warning about the pooling head that is left out
    transformers_logging.disable_progress_bar()
    try:
        config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        if dropout is not None:
            config.update({name: dropout for name, value in config.to_dict().items() if _is_dropout(name, value)})
        model = MODEL_MAPPING[type(config)]
        poolable = {"add_pooling_layer": False} if "add_pooling_layer" in signature(model).parameters else {}
        with_wrapper = wrapper(weight_shapes(folder))
        backbone, report = AutoModel.from_pretrained(
            folder,
            config=config,
            key_mapping={f"^{re.escape(with_wrapper)}": ""} if with_wrapper else None,
            output_loading_info=True,
            dtype=torch.float32,
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=True,
            **poolable,
        )
    except (OSError, ValueError, KeyError, RuntimeError, FetchError) as error:
        reason = str(error).splitlines()[0]
        raise TrainingError(
            f"{folder}: not an encoder that transformers can load from safetensors: {reason}"
        ) from error
    # what is missing would be random; a pooling head is not used
    missing = [name for name in sorted(report["missing_keys"]) if not name.startswith("pooler.")]
    if missing:
        raise TrainingError(
            f"{folder}: the weights of {len(missing)} names are missing, as {missing[0]}; delete "
            f"{folder / CHECKSUMS} to fetch the encoder again, or take configuration and weights from one source"
        )
    if layers is not None:
        keep_layers(backbone, 0, layers)
    return backbone


def _is_dropout(name: str, value: Any) -> bool:
    """Whether a setting of a configuration is a probability of dropout: families have other names for theirs."""
    return "dropout" in name and isinstance(value, int | float) and not isinstance(value, bool)


def layer_list(backbone: nn.Module) -> nn.ModuleList:
    """The layers of a transformer, from input to output; TrainingError if weights are shared (ALBERT)."""
    n = backbone.config.num_hidden_layers
    lists = (module for module in backbone.modules() if isinstance(module, nn.ModuleList) and len(module) == n)
    if (layers := next(lists, None)) is None:
        raise TrainingError(
            f"{type(backbone).__name__}: {n} layers of shared weights found, expected each with its own; leave "
            f"encoder.layers, encoder.trainable_layers and training.layer_decay out"
        )
    return layers


def embeddings_name(backbone: nn.Module) -> str:
    """Name of the embeddings of a transformer, which are its input."""
    return "embed_tokens" if hasattr(backbone, "embed_tokens") else "embeddings"  # the former in EuroBERT


class AsGiven(nn.Module):
    """In the place of embeddings where the output of lower layers is given as ``inputs_embeds``."""

    def forward(self, *_: Any, inputs_embeds: Tensor, **__: Any) -> Tensor:
        """The given states."""
        return inputs_embeds


def keep_layers(backbone: nn.Module, first: int, last: int) -> nn.Module:
    """Keep some layers of a backbone, in place.

    Args:
        backbone: a transformer.
        first: First layer to keep. If it is not 0, the input of the backbone is the output of layer ``first - 1``.
        last: Layer after the last one to keep.

    Returns:
        The backbone.

    Raises:
        TrainingError: If the backbone does not have these layers.
    """
    layers = layer_list(backbone)
    if not 0 <= first < last <= len(layers):
        raise TrainingError(f"layers {first} to {last} of an encoder with {len(layers)}")
    if first and getattr(backbone.encoder if hasattr(backbone, "encoder") else None, "conv", None) is not None:
        raise TrainingError(
            f"{type(backbone).__name__}: a convolution behind its first layer found, expected none with "
            f"encoder.trainable_layers; leave that out"
        )
    del layers[last:]
    del layers[:first]
    backbone.config.num_hidden_layers = len(layers)
    if getattr(backbone.config, "layer_types", None):  # ModernBERT
        backbone.config.layer_types = backbone.config.layer_types[first:last]
    if first:
        setattr(backbone, embeddings_name(backbone), AsGiven())
        for name, parameter in backbone.named_parameters():
            if name.startswith(("encoder.rel", "encoder.LayerNorm")):  # MPNet, DeBERTa: frozen layers use it too
                parameter.requires_grad_(False)
        if hasattr(backbone, "embeddings_project"):  # ELECTRA
            backbone.embeddings_project = nn.Identity()
    return backbone


def read_backbone(
    folder: Path, encoder: EncoderSettings, frozen: Path | None, dropout: float | None = None
) -> tuple[nn.Module, int]:
    """The layers of an encoder that a run computes.

    Args:
        folder: Configuration and weights of the encoder.
        encoder: ``layers`` to keep (None is all) and ``trainable_layers``.
        frozen: Stored output of the frozen layers, which are then left out, or None.
        dropout: See ``load_backbone``.

    Returns:
        The layers, and the number of parameters including the frozen ones.
    """
    backbone = load_backbone(folder, encoder.layers, dropout)
    parameters = sum(parameter.numel() for parameter in backbone.parameters())
    if frozen is not None:
        total = backbone.config.num_hidden_layers if encoder.layers is None else encoder.layers
        keep_layers(backbone, total - encoder.trainable_layers, total)
    return backbone, parameters
