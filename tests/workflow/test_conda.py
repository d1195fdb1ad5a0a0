"""What ``snakemake --sdm conda`` asks for, and that jobs run in what is made; conda is a script that takes notes."""

import sys
from pathlib import Path

import pytest
import yaml

from tests.support.studies import ROOT, copied_workflow, skip_without_network, small, snakemake

CONDA = """\
#!/usr/bin/env bash
# Answers what Snakemake asks. An environment is this Python, and a copy of the file that it was asked to be made from.
echo "conda $*" >> {notes}
case "$1 $2" in
    "--version ") echo "conda 25.1.0" ;;
    "info --json") echo '{{"conda_prefix": "{prefix}", "platform": "linux-64"}}' ;;
    "config --get") echo '{{"get": {{"channel_priority": "strict"}}}}' ;;
    "env create")
        file=$(sed -E 's/.*--file ([^ ]+).*/\\1/' <<< "$*")
        made=$(sed -E 's/.*--prefix ([^ ]+).*/\\1/' <<< "$*")
        mkdir -p "$made/bin" && cp "$file" {asked}/ && ln -s {python} "$made/bin/python" ;;
    "clean -y") ;;
    *) echo "conda $*: not expected" >&2; exit 1 ;;
esac
"""
ACTIVATE = 'echo "activate $1" >> {notes}; export CONDA_PREFIX="$1" PATH="{python_folder}:$PATH"\n'


@pytest.fixture
def conda(tmp_path, monkeypatch):
    """A folder with a conda on the path: its notes, and under asked/ the files that environments were made from."""
    folder = tmp_path / "conda"
    (folder / "asked").mkdir(parents=True)
    (folder / "bin").mkdir()
    names = {"notes": folder / "notes.txt", "prefix": folder, "asked": folder / "asked"}
    names |= {"python": sys.executable, "python_folder": Path(sys.executable).parent}
    for name, text in {"conda": CONDA, "activate": ACTIVATE}.items():
        (folder / "bin" / name).write_text(text.format(**names))
        (folder / "bin" / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(folder / "bin"), prepend=":")
    return folder


@pytest.mark.slow
def test_conda_is_asked_for_the_locked_versions_and_again_when_one_changes(conda, workplace, tmp_path):
    root, folder = copied_workflow(tmp_path / "copy"), workplace("conda")
    study = small(tmp_path / "within.yaml", objectives=["ce"])

    def run(*arguments):
        process = snakemake(folder, *arguments, "--sdm", "conda", study=study, root=root)
        skip_without_network(process)
        assert process.returncode == 0, process.stdout + process.stderr
        return [yaml.safe_load(path.read_text()) for path in sorted((conda / "asked").iterdir())]

    card = "results/within/corpora/bbc-news/card.json"
    (asked,) = run(card)
    assert asked == yaml.safe_load((ROOT / "envs/glossbench.yaml").read_text())
    # nothing in the one file leads to another, which would not be where Snakemake has copied it
    assert all("==" in line and "/" not in line for line in asked["dependencies"][-1]["pip"])
    notes = (conda / "notes.txt").read_text()
    assert notes.count("conda env create") == 1, "all rules have one environment"
    assert "\nactivate " in notes, "jobs run in it"
    assert (folder / card).is_file()

    path = root / "envs" / "glossbench.yaml"
    path.write_text(path.read_text().replace("torch==2.13.0", "torch==2.13.1"))
    first, second = run("--conda-create-envs-only", "all")
    assert "torch==2.13.1" in [*first["dependencies"][-1]["pip"], *second["dependencies"][-1]["pip"]]
