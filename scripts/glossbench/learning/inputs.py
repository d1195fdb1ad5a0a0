"""What a run reads: its documents, its encoder and its width sigma."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import safe_open
from torch import nn

from glossbench.data.documents import Documents, load_documents
from glossbench.data.splitting import stratified_subset
from glossbench.errors import CorpusError, SettingsError
from glossbench.learning.encoder import keep_layers, load_backbone

SPLITS = ("train", "val", "test")


def read_documents(
    tokens: Path, subset: dict[str, Any], pad_id: int, splits: tuple[str, ...] = SPLITS
) -> tuple[dict[str, Documents], int]:
    """The documents of each split, or the stratified part that ``subset`` asks for, and the corpus's number of classes.

    tokens: folder of a tokenized corpus. subset: sizes by split (None is all) and the seed of the draw. The
    classes are counted before any part is drawn.
    """
    documents, num_classes = {}, 0
    for split in splits:
        whole = load_documents(tokens, split, pad_id)
        num_classes = max(num_classes, int(whole.labels.max()) + 1)
        if subset[split] is not None:
            whole = whole.select(_draw(whole, split, subset))
        documents[split] = whole
    return documents, num_classes


def _draw(whole: Documents, split: str, subset: dict[str, Any]) -> np.ndarray:
    try:
        return stratified_subset(whole.labels.numpy(), subset[split], subset["seed"])
    except CorpusError as error:
        raise SettingsError(f"subset.{split}: {error}") from None


def read_backbone(folder: Path, encoder: dict[str, Any], frozen: Path | None) -> tuple[nn.Module, int]:
    """The part of an encoder that is run, and the number of parameters of the whole.

    Run is all of it, or what lies above the layers whose output ``frozen`` holds.
    """
    backbone = load_backbone(folder, encoder["layers"])
    parameters = sum(parameter.numel() for parameter in backbone.parameters())
    if frozen is not None:
        total = backbone.config.num_hidden_layers if encoder["layers"] is None else encoder["layers"]
        keep_layers(backbone, total - encoder["trainable_layers"], total)
    return backbone, parameters


def with_frozen_states(documents: dict[str, Documents], frozen: Path | None) -> dict[str, Documents]:
    """The same documents with the stored output of the frozen layers instead of token ids."""
    if frozen is None:
        return documents
    with safe_open(frozen, framework="pt") as states:  # one split at a time: tuning never reads the test documents
        return {split: replace(part, values=states.get_tensor(split)) for split, part in documents.items()}
