"""The example of a corpus and an encoder of one's own, run by the workflow."""

import re
import shutil
import subprocess
import sys

import pandas as pd
import pytest
from data_registries import ROOT, registry

TARGETS = ["results/own-data/runs.parquet", "results/own-data/corpora.parquet"]


def snakemake(folder, *arguments):
    command = [sys.executable, "-m", "snakemake", "-s", ROOT / "Snakefile", "-d", folder, "--cores", 2, *arguments]
    command += [*TARGETS, "--configfile", ROOT / "config" / "own-data.yaml"]
    return subprocess.run(list(map(str, command)), cwd=folder, capture_output=True, text=True)


def planned(folder) -> set[str]:
    process = snakemake(folder, "-n")
    assert process.returncode == 0, process.stdout + process.stderr
    return set(re.findall(r"^(\w+) +\d+$", process.stdout + process.stderr, re.MULTILINE)) - {"total"}


def test_example_is_as_its_entry_says():
    entry = registry("corpora")["my-corpus"]
    rows = pd.read_csv(ROOT / entry["path"])
    assert list(rows.columns) == [entry["columns"][role] for role in ("text", "label", "split")]
    assert rows["split"].value_counts().to_dict() == entry["documents"]
    assert rows.groupby(["topic", "split"]).size().unstack().to_numpy().tolist() == [[4, 12, 4]] * 3
    assert rows["sentence"].is_unique


@pytest.mark.slow
def test_example_study_runs_and_follows_its_files(tmp_path, minilm):
    shutil.copytree(ROOT / "examples" / "own-data", tmp_path / "examples" / "own-data", dirs_exist_ok=True)
    encoder = tmp_path / "examples" / "own-data" / "encoder"
    shutil.copytree(minilm, encoder, dirs_exist_ok=True)
    process = snakemake(tmp_path)
    assert process.returncode == 0, process.stdout + process.stderr
    runs, corpora = (pd.read_parquet(tmp_path / target) for target in TARGETS)
    assert (runs["corpus"].unique().tolist(), runs["encoder"].unique().tolist()) == (["my-corpus"], ["my-encoder"])
    assert runs[["n_train", "n_val", "n_test"]].drop_duplicates().to_numpy().tolist() == [[36, 12, 12]]
    assert runs["test_accuracy"].between(0, 1).all()
    assert corpora["class_names"].iloc[0].tolist() == ["cooking", "gardening", "sailing"]

    table = tmp_path / "examples" / "own-data" / "sentences.csv"
    written = table.read_text(encoding="utf-8")
    table.touch()
    assert planned(tmp_path) == set()  # the content is what it was
    table.write_text(written.replace("lentils", "beans"), encoding="utf-8")
    plan = planned(tmp_path)
    assert {"fetch_corpus", "prepare_corpus", "train"} <= plan
    assert "fetch_encoder" not in plan
    table.write_text(written, encoding="utf-8")
    (encoder / "vocab.txt").write_text("[PAD]\n")
    plan = planned(tmp_path)
    assert {"fetch_encoder", "tokenize_corpus", "train"} <= plan
    assert not {"fetch_corpus", "prepare_corpus"} & plan
    shutil.rmtree(encoder)
    process = snakemake(tmp_path)
    assert process.returncode
    line = "glossbench: examples/own-data/encoder: no such folder (looked in "
    assert line in process.stderr, process.stderr
