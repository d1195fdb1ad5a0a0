"""Random documents for tiny encoders, and files of corpora."""

from pathlib import Path

import numpy as np
import torch
from glossbench.checksums import write_checksums
from glossbench.data.documents import Documents


def random_documents(n: int, seed: int = 0, classes: int = 3) -> Documents:
    """Documents of 2 to 20 tokens, none of which is a padding token; each class prefers tokens of its own."""
    generator = np.random.default_rng(seed)
    lengths = generator.integers(2, 21, n)
    labels = np.arange(n) % classes
    own = 2 + 15 * labels.repeat(lengths) + generator.integers(0, 15, lengths.sum())
    values = np.where(generator.random(len(own)) < 0.5, own, generator.integers(2, 60, len(own)))
    offsets = np.concatenate([[0], lengths.cumsum()])
    return Documents(*map(torch.from_numpy, (values, offsets, labels)), [str(i) for i in range(n)])


def write_corpus(folder: Path, contents: dict[str, bytes | str]) -> Path:
    """Write files by name, and their manifest, whose path is returned."""
    folder.mkdir(exist_ok=True)
    for name, content in contents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return write_checksums(folder, contents)
