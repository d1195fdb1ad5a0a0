"""What a run reads: its documents, its encoder, its estimates of sigma and its tuned settings."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import yaml

from glossbench.data.documents import Documents, load_documents
from glossbench.data.splitting import rows_of_subset
from glossbench.files import read_json
from glossbench.learning.encoder.frozen import with_frozen_states
from glossbench.settings.jobs import RunSettings, UntunedSettings
from glossbench.settings.training import Subset

SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class RunFiles:
    """Where a run reads from. ``sigma``, ``frozen`` and ``best`` are None if the run does not need them."""

    tokens: Path
    encoder: Path
    sigma: Path | None = None
    frozen: Path | None = None
    best: Path | None = None

    @classmethod
    def of(cls, given: dict[str, str]) -> "RunFiles":
        """From the named inputs of a rule, in which the encoder is given by its manifest."""
        paths = {name: Path(path) for name, path in given.items()}
        return cls(**{**paths, "encoder": paths["encoder"].parent})

    def estimates(self) -> dict[str, Any] | None:
        """The estimates of sigma, or None if the run does not need them."""
        return read_json(self.sigma) if self.sigma else None

    def tuned(self, names: Sequence[str]) -> dict[str, float]:
        """The values that tuning found for these settings."""
        best = yaml.safe_load(self.best.read_text(encoding="utf-8"))["settings"] if names else {}
        return {name: best[name] for name in names}


@dataclass(frozen=True)
class Splits:
    """The documents of a run, and the number of classes C of its corpus. Tuning reads no test documents: None."""

    train: Documents
    val: Documents
    test: Documents | None
    num_classes: int


def load_splits(
    settings: RunSettings | UntunedSettings, files: RunFiles, device: torch.device, names: tuple[str, ...] = SPLITS
) -> Splits:
    """The documents of a run on its device.

    Args:
        settings: the run's settings.
        files: the run's inputs.
        device: where values and labels are put.
        names: splits to read; the others are None.
    """
    documents, num_classes = read_documents(files.tokens, settings.subset, names)
    placed = {name: split.to(device) for name, split in with_frozen_states(documents, files.frozen).items()}
    return Splits(**{name: placed.get(name) for name in SPLITS}, num_classes=num_classes)


def read_documents(tokens: Path, subset: Subset, splits: tuple[str, ...] = SPLITS) -> tuple[dict[str, Documents], int]:
    """The documents of each split, or a stratified subset of them.

    Args:
        tokens: folder of a tokenized corpus.
        subset: size by split (None is all documents), and ``seed`` of the draw.
        splits: names of the splits to read.

    Returns:
        Documents by split, and the number of classes of the splits before any subset is drawn.

    Raises:
        SettingsError: if a subset cannot be drawn.
    """
    documents, num_classes = {}, 0
    for split in splits:
        whole = load_documents(tokens, split)
        num_classes = max(num_classes, int(whole.labels.max()) + 1)
        rows = rows_of_subset(whole.labels.numpy(), split, dict(subset))
        documents[split] = whole if rows is None else whole.select(rows)
    return documents, num_classes
