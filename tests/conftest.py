"""What several tests need: the golden values, and where real files may be found."""

import os
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
SHARED = Path(os.environ.get("GLOSSBENCH_SHARED", ROOT / "../shared"))


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Tiny models gain nothing from a second thread and lose much to it where other work is under way."""
    import torch

    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def golden() -> dict[str, np.ndarray]:
    """Values of the losses from an independent implementation, by case{i}/name."""
    path = SHARED / "golden" / "losses.npz"
    if not path.is_file():
        pytest.skip(f"{path} is missing: the golden values of the losses lie outside the repository")
    with np.load(path) as stored:
        return dict(stored)
