"""The Makefile: what its targets call, without calling it."""

import os
import shlex
import shutil
import subprocess

import pytest
from snakemake.cli import parse_args

from tests.support.repository import ROOT

BAR = "PYTHONPATH=scripts snakemake $(test -t 2 && echo --logger=glossbench)"


def make(folder, *arguments, **variables):
    environment = {**os.environ, **variables}
    return subprocess.run(["make", *arguments], cwd=folder, capture_output=True, text=True, env=environment)


@pytest.fixture
def ready(tmp_path):
    """A folder with the Makefile, and an environment that is up to date."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in ("envs/requirements.txt", "envs/torch.txt", ".venv/ready"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


@pytest.mark.parametrize(("target", "wanted"), [("study", {"data"}), ("partial", {"partial", "data"})])
def test_targets_among_the_arguments_are_targets_and_the_study_is_the_configuration(ready, target, wanted):
    process = make(ready, "-n", target, "STUDY=mine.yaml", "ARGS=data --cores 3")
    bare = process.stdout.replace(BAR, "snakemake")
    (line,) = [line for line in bare.splitlines() if line.startswith("snakemake ")]
    _, options = parse_args(shlex.split(line)[1:])
    assert set(options.targets) == wanted
    assert [str(path) for path in options.configfile] == ["mine.yaml"]
    assert options.cores == 3


def test_the_demo_is_the_default_study_whatever_study_is_exported(ready):
    assert make(ready, "-n", "demo", STUDY="config/paper.yaml").stdout == make(ready, "-n", "demo").stdout


def test_an_environment_without_pip_is_made_again(ready):
    (ready / ".venv/ready").unlink()
    (ready / "python").write_text('#!/bin/sh\necho "$@" >> calls\n')
    (ready / "python").chmod(0o755)
    (ready / ".venv/bin").mkdir()
    shutil.copy(ready / "python", ready / ".venv/bin/python")
    assert make(ready, ".venv/ready", "PYTHON=./python").returncode == 0
    assert "-m venv .venv" in (ready / "calls").read_text().splitlines()


def test_a_folder_with_a_space_in_its_path_is_refused_before_anything_is_installed(tmp_path):
    folder = tmp_path / "my clone"
    folder.mkdir()
    shutil.copy(ROOT / "Makefile", folder)
    process = make(folder, "-n", "demo")
    assert process.returncode != 0
    assert "glossbench: the path of this folder, " in process.stderr
    assert "my clone, has a space" in process.stderr
    assert "venv" not in process.stdout
