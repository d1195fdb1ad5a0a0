"""The example of a corpus and an encoder of one's own: it runs, and follows its files."""

import shutil

import pandas as pd
import pytest

from tests.support.studies import ROOT, planned, snakemake

STUDY = ROOT / "config" / "own-data.yaml"
TARGETS = ["results/own-data/runs.parquet", "results/own-data/corpora.parquet"]
ONE = ["--config", "objectives=[gloss-sqrt]"]  # it needs most: estimates of sigma, a graph, a probe


@pytest.mark.slow
def test_example_study_runs_and_follows_its_files(tmp_path, minilm):
    shutil.copytree(ROOT / "examples" / "own-data", tmp_path / "examples" / "own-data", dirs_exist_ok=True)
    encoder = tmp_path / "examples" / "own-data" / "encoder"
    shutil.copytree(minilm, encoder, dirs_exist_ok=True)
    process = snakemake(tmp_path, *TARGETS, *ONE, study=STUDY)
    assert process.returncode == 0, process.stdout + process.stderr
    runs, corpora = (pd.read_parquet(tmp_path / target) for target in TARGETS)
    assert (runs["corpus"].unique().tolist(), runs["encoder"].unique().tolist()) == (["my-corpus"], ["my-encoder"])
    assert runs[["n_train", "n_val", "n_test"]].drop_duplicates().to_numpy().tolist() == [[36, 12, 12]]
    assert runs["test_accuracy"].between(0, 1).all()
    assert corpora["class_names"].iloc[0].tolist() == ["cooking", "gardening", "sailing"]
    assert planned(tmp_path, *TARGETS, study=STUDY)["train"] == 2, "the others of the example as it is"

    table = tmp_path / "examples" / "own-data" / "sentences.csv"
    written = table.read_text(encoding="utf-8")
    table.touch()
    assert not planned(tmp_path, *TARGETS, *ONE, study=STUDY)  # the content has not changed
    table.write_text(written.replace("lentils", "beans"), encoding="utf-8")
    plan = planned(tmp_path, *TARGETS, *ONE, study=STUDY).keys()
    assert {"fetch_corpus", "prepare_corpus", "train"} <= plan
    assert "fetch_encoder" not in plan
    table.write_text(written, encoding="utf-8")
    (encoder / "vocab.txt").write_text("[PAD]\n")
    plan = planned(tmp_path, *TARGETS, *ONE, study=STUDY).keys()
    assert {"fetch_encoder", "tokenize_corpus", "train"} <= plan
    assert not {"fetch_corpus", "prepare_corpus"} & plan
    shutil.rmtree(encoder)
    process = snakemake(tmp_path, "-n", *TARGETS, study=STUDY)
    assert process.returncode
    line = 'encoders.yaml: my-encoder.path: "examples/own-data/encoder" found, expected a folder that exists (looked '
    assert line in process.stderr, process.stderr
    assert process.stderr.strip().splitlines()[-1].startswith("glossbench: ")
    assert "Traceback" not in process.stderr
