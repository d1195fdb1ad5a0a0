"""What several tests need: golden values, a real encoder and a real corpus, fetched by the project's own code."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml
from glossbench.checksums import CHECKSUMS, listed_files
from glossbench.data.entries import fetch_settings
from glossbench.data.fetching import fetch
from glossbench.data.sources.mirror import Mirror
from glossbench.errors import FetchError
from hypothesis import settings

from tests.support.repository import ROOT

SIMULATED = ("test_false_confirmations.py", "test_verdict_rules.py")  # hundreds of studies, judged
# What takes minutes; test_archives.py makes the study that many others need, those after it need it not.
FIRST = ("test_slurm.py", *SIMULATED, "test_archives.py", "test_modules.py", "test_container.py")
SHARED = Path(os.environ.get("GLOSSBENCH_SHARED", ROOT / "../shared"))

settings.register_profile("glossbench", deadline=None)  # how busy the machine is fails no test
settings.load_profile("glossbench")


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: a worker with a cluster mostly waits for its scheduler."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes minutes first, so that at the end no worker has minutes to do while the others have none."""

    def place(item: pytest.Item) -> tuple[int, bool]:
        name = item.path.name
        return FIRST.index(name) if name in FIRST else len(FIRST), "workflow" not in item.path.parts

    items.sort(key=place)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs a CUDA device where there is none."""
    if item.get_closest_marker("gpu"):
        import torch

        if not torch.cuda.is_available():
            pytest.skip("no CUDA device here")


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Tiny models gain nothing from a second thread and lose much to it where other work is under way."""
    import torch

    torch.set_num_threads(1)


@pytest.fixture
def config_copy(tmp_path) -> Path:
    """A copy of the registries and studies, for a test to change."""
    return shutil.copytree(ROOT / "config", tmp_path / "config")


def golden_values(name: str) -> dict[str, np.ndarray]:
    path = SHARED / "golden" / name
    if not path.is_file():
        pytest.skip(f"{path} is missing: the golden values of the losses lie outside the repository")
    with np.load(path) as stored:
        return dict(stored)


@pytest.fixture(scope="session")
def golden() -> dict[str, np.ndarray]:
    """Values of the losses from an independent implementation, by case{i}/name."""
    return golden_values("losses.npz")


@pytest.fixture(scope="session")
def golden_group() -> dict[str, np.ndarray]:
    """Values of Group Loss from an independent implementation, by case{i}/name."""
    return golden_values("group_loss.npz")


def fetched(kind: str, name: str) -> Path:
    """Manifest of a registry's entry, below the repository's resources so that it is fetched only once."""
    manifest = ROOT / "resources" / kind / name / CHECKSUMS
    try:
        mirror = Mirror(os.environ.get("GLOSSBENCH_MIRROR"))
        if not manifest.is_file():
            entries = yaml.safe_load((ROOT / "config" / f"{kind}.yaml").read_text(encoding="utf-8"))
            fetch(fetch_settings(entries[name]), manifest.parent, mirror)
        listed_files(manifest, verify=True)
    except FetchError as error:
        pytest.skip(f"{name} cannot be had here: {error}")
    return manifest


@pytest.fixture(scope="session")
def minilm() -> Path:
    """Folder of the real encoder minilm-l6."""
    return fetched("encoders", "minilm-l6").parent


@pytest.fixture(scope="session")
def bbc_news() -> Path:
    """Manifest of the real corpus bbc-news."""
    return fetched("corpora", "bbc-news")


@pytest.fixture(scope="session")
def mirror() -> Path:
    """Root of a real mirror with the paper's corpora."""
    root = Path(os.environ.get("GLOSSBENCH_MIRROR", ROOT / "../shared/mirror"))
    if not (root / "raw.githubusercontent.com").is_dir():
        pytest.skip(f"no mirror of the paper's corpora at {root} (set GLOSSBENCH_MIRROR to its root)")
    return root
