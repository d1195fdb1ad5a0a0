"""Working directories for whole studies, and one in which the tiny study is finished."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from filelock import FileLock
from glossbench.__main__ import main
from glossbench.settings.paths import manifest_file

from tests.support.studies import ROOT, skip_without_network, snakemake

DOWNLOADS = [manifest_file("corpora", "bbc-news"), manifest_file("encoders", "minilm-l6")]  # of the tiny study


@pytest.fixture
def glossbench(monkeypatch, capsys):
    """Runs a command of glossbench in a folder, in this process; returns what its process would leave."""

    def run(folder, *arguments):
        capsys.readouterr()
        with monkeypatch.context() as patch:
            patch.chdir(folder)
            code = main([*map(str, arguments)])
        return subprocess.CompletedProcess(arguments, code, *capsys.readouterr())

    return run


@pytest.fixture(scope="session")
def workplace(tmp_path_factory):
    """A working directory that shares the repository's downloads, fetched by the real rules."""

    def make(name):
        folder = tmp_path_factory.mktemp(name)
        (ROOT / "resources").mkdir(exist_ok=True)
        (folder / "resources").symlink_to(ROOT / "resources")
        with FileLock(ROOT / "resources" / ".lock"):  # workers side by side would fetch over what others have read
            if not all((folder / manifest).is_file() for manifest in DOWNLOADS):
                skip_without_network(snakemake(folder, *DOWNLOADS))
        return folder

    return make


@pytest.fixture
def prepared(workplace, finished):
    """A working directory in which documents and tokens of a study of ``small`` are there: those of the tiny study."""

    def make(name, study, *further):
        folder = workplace(name)
        for made in ("corpora", "tokens", "frozen", *further):
            shutil.copytree(finished / "results" / "tiny" / made, folder / "results" / study.stem / made)
        return folder

    return make


@pytest.fixture
def copied(tmp_path):
    """A copy of a working directory, with what Snakemake knows of its files, for a test to change."""

    def copy(folder):
        return shutil.copytree(folder, tmp_path / "copied", symlinks=True)

    return copy


@pytest.fixture(scope="session")
def finished(workplace, tmp_path_factory):
    """The tiny study, run to its report; once for all workers of pytest-xdist."""
    shared = tmp_path_factory.getbasetemp().parent
    made = shared / "finished.txt"
    with FileLock(shared / "finished.lock"):
        if "PYTEST_XDIST_WORKER" in os.environ and made.is_file():
            return Path(made.read_text())
        folder = workplace("finished")
        process = snakemake(folder)
        skip_without_network(process)
        assert process.returncode == 0, process.stdout + process.stderr
        made.write_text(str(folder))
        return folder
