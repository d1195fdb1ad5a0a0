"""Working directories for whole studies, and one in which the tiny study is finished."""

import pytest
from studies import ROOT, skip_without_network, snakemake


@pytest.fixture(scope="session")
def workplace(tmp_path_factory):
    """A working directory that shares the repository's downloads, fetched by the real rules."""

    def make(name):
        folder = tmp_path_factory.mktemp(name)
        (ROOT / "resources").mkdir(exist_ok=True)
        (folder / "resources").symlink_to(ROOT / "resources")
        return folder

    return make


@pytest.fixture(scope="session")
def finished(workplace):
    """The tiny study, run to its report."""
    folder = workplace("finished")
    process = snakemake(folder)
    skip_without_network(process)
    assert process.returncode == 0, process.stdout + process.stderr
    return folder
