"""What ``check`` says before Snakemake starts."""

import os
import shlex
import subprocess
import time
from pathlib import Path

import pytest
from glossbench.__main__ import main

HOUR = 3600


@pytest.mark.parametrize("late", [["results/mine/corpora/r8/card.json"], ["own.csv", "results/mine/.state/a b/lock"]])
def test_files_of_the_future_are_named_with_a_command_that_mends_them(tmp_path, monkeypatch, capsys, late):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.csv").write_text("text,label\n")
    study = "study: mine\ncorpora: [my-corpus]\nencoders: [minilm-l6]\nobjectives: [ce]\nseeds: [0]\n"
    (tmp_path / "mine.yaml").write_text(study)
    monkeypatch.setattr("glossbench.commands.check.local_files", lambda entry: ["own.csv"])
    for hours, file in enumerate(late, start=1):
        Path(file).parent.mkdir(parents=True, exist_ok=True)
        Path(file).touch()
        os.utime(file, (time.time() + hours * HOUR,) * 2)
    assert main(["check", "mine.yaml", "--", "--cores", "2"]) == 1
    line = capsys.readouterr().err
    assert line.startswith(f"glossbench: {late[-1]}: its time stamp is {len(late)}.00 hours in the future")
    assert ("those of 1 other files" in line) == (len(late) == 2)
    subprocess.run(shlex.split(line.rpartition("else: ")[2]), check=True)
    assert main(["check", "mine.yaml", "--", "--cores", "2"]) == 0
    assert capsys.readouterr().err == ""


def test_a_home_that_cannot_be_written_is_named_with_a_folder_that_can(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yaml").write_text("study: mine\n")
    (tmp_path / "file").touch()  # below it nobody makes a folder, root neither
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "file/home"))
    assert main(["check", "mine.yaml"]) == 1
    line = capsys.readouterr().err
    assert line.startswith(f"glossbench: {tmp_path}/file/home/.cache: Snakemake keeps files there")
    name, _, folder = line.split("export ")[1].strip().partition("=")
    monkeypatch.setenv(name, folder)
    assert main(["check", "mine.yaml"]) == 0


@pytest.mark.parametrize(
    "place", ["results", "results/mine", "results/mine/runs/my-corpus/minilm-l6/ce/seed-0", ".snakemake"]
)
@pytest.mark.parametrize("kind", ["a file", "a link to what is not there"])
def test_what_is_in_the_place_of_a_folder_is_named(tmp_path, monkeypatch, capsys, place, kind):
    monkeypatch.chdir(tmp_path)
    study = "study: mine\ncorpora: [my-corpus]\nencoders: [minilm-l6]\nobjectives: [ce]\nseeds: [0]\n"
    (tmp_path / "mine.yaml").write_text(study)
    assert main(["check", "mine.yaml"]) == 0
    path = tmp_path / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch() if kind == "a file" else path.symlink_to("nowhere")
    assert main(["check", "mine.yaml"]) == 1
    assert capsys.readouterr().err == f"glossbench: {place}: {kind} found, expected a folder; move it away\n"
