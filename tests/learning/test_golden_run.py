"""Every objective of the registry, two optimiser steps on a tiny random encoder: the numbers are those of golden_run.json.

Where they differ, the results of runs have changed. If that was meant: raise ``NUMERICS`` in provenance.py, add a line
to CHANGELOG.md, and write the numbers anew by ``make golden``.
"""

import json
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from glossbench.data.corpora import write_split
from glossbench.provenance import NUMERICS
from glossbench.settings.params import evaluation_params, run_params
from glossbench.settings.study import load_study
from glossbench.settings.study_file import Experiment
from transformers import BertConfig, BertModel

from tests.support.documents_made_up import random_documents
from tests.support.jobs import run_script
from tests.support.registered import CONFIG, REGISTRIES
from tests.support.tiny_runs import save_tokens

GOLDEN = Path(__file__).with_name("golden_run.json")
# Processors with other instructions differ by 2e-7 in the losses of the steps, and by 1e-4 in what follows from Adam's
# quotients.
TOLERANCES = {"loss": {"rel": 5e-6}, "after": {"rel": 2e-4, "abs": 1e-4}}
SIZES = {"train": 20, "val": 12, "test": 12}
ENTRIES = REGISTRIES.objectives
REFUSED = "gloss-sqrt@reference"  # its preset refuses a rule for sigma in the standalone protocol (D24)
REFERENCE = [f"{key}@reference" for key, entry in ENTRIES.items() if entry.protocol != "untuned"]
FEW = "gloss-k-ce+neighbors=4"  # fewer than the documents of a batch
KEYS = [key for key in (*ENTRIES, *REFERENCE, FEW) if key != REFUSED]
STUDY = load_study(
    {
        "study": "golden", "corpora": ["mr"], "encoders": ["minilm-l6"], "objectives": KEYS, "seeds": [7],
        "training": {"batch_size": 10, "epochs": 1, "learning_rate": 1e-3},
    },
    "golden", CONFIG,
)  # fmt: skip


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    return made_up_inputs(tmp_path_factory.mktemp("golden"))


def made_up_inputs(folder):
    """The inputs of all runs: an encoder, tokens, texts, estimates of sigma."""
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 48}
    BertModel(BertConfig(vocab_size=60, max_position_embeddings=40, **sizes)).save_pretrained(folder / "encoder")
    save_tokens(folder / "tokens", folder / "encoder", **SIZES)
    texts = {}
    for seed, (split, n) in enumerate(SIZES.items()):
        drawn, texts[split] = random_documents(n, seed), folder / f"{split}.parquet"
        words = [" ".join(f"word{n}" for n in drawn.values[a:b]) for a, b in drawn.offsets.unfold(0, 2, 1).tolist()]
        frame = pd.DataFrame({"doc_id": drawn.doc_ids, "text": words, "label": drawn.labels.numpy()})
        write_split(frame, list("abc"), texts[split])
    rules = {"sqrt": 0.4, "inflection": 0.3, "nearest-other-class": 0.2}
    sigma = dict.fromkeys(("pairs", "full-matrix"), rules)
    (folder / "card.json").write_text(json.dumps({"test_in_train": ["3", "4"]}))
    (folder / "sigma.json").write_text(json.dumps({"sigma": sigma}))
    return {
        "encoded": {"tokens": folder / "tokens", "encoder": folder / "encoder" / "SHA256SUMS"},
        "texts": texts,
        "sigma": folder / "sigma.json",
        "card": folder / "card.json",
    }


def numbers_of(key, inputs, folder):
    """The numbers that a run of an objective leaves."""
    cell = Experiment("mr", "minilm-l6", key)
    run = folder / "seed-7"
    run.mkdir(parents=True)
    files = {name: str(run / name) for name in ("settings.json", "timing.json", "metrics.json", "predictions.parquet")}
    output = {Path(name).stem: path for name, path in files.items()}
    if STUDY.is_untuned(key):
        given = {**inputs["texts" if key == "tfidf" else "encoded"], "card": inputs["card"]}
        run_script("classify_untuned", folder, given, output, run_params(STUDY, cell), seed="7")
        return _scores(output["metrics"])
    trained = {name: output[name] for name in ("settings", "timing")} | {
        "epochs": str(run / "epochs.csv"), "epoch_seconds": str(run / "timing.csv"),
        "embeddings": str(run / "embeddings.npz"), "logits": str(run / "logits.npz"),
    }  # fmt: skip
    given = {**inputs["encoded"], "sigma": inputs["sigma"]}
    params = {**run_params(STUDY, cell), "state": str(folder / "state")}
    run_script("train", folder, given, trained, params)
    read = {name: trained[name] for name in ("settings", "epochs", "embeddings", "logits")} | {"card": inputs["card"]}
    evaluated = {name: output[name] for name in ("metrics", "predictions")}
    run_script("evaluate", folder, read, evaluated, evaluation_params(STUDY, cell))
    (epoch,) = pd.read_csv(trained["epochs"]).dropna(axis=1).to_dict("records")
    found = {name: value for name, value in epoch.items() if name not in ("epoch", "best")}
    with np.load(trained["embeddings"]) as embeddings:
        found["embeddings"] = _weighted(embeddings["test"])
    with np.load(trained["logits"]) as logits:
        found |= {f"logits_{split}": _weighted(values) for split, values in logits.items()}
    return found | _scores(output["metrics"])


def _scores(metrics):
    found = json.loads(Path(metrics).read_text())
    splits = ("test_accuracy", "test_macro_f1", "test_macro_silhouette", "val_macro_f1", "val_macro_silhouette")
    names = (*splits, "probe_C")
    return {name: found[name] for name in names if found[name] is not None}


def _weighted(values):
    """A mean of sizes in which each has a weight of its own, so that values in other places are seen."""
    values = np.abs(values.astype(np.float64))
    return float(np.mean(values * np.linspace(1, 2, values.size).reshape(values.shape)))


def golden():
    return json.loads(GOLDEN.read_text())


@pytest.mark.parametrize("key", KEYS)
def test_the_numbers_of_a_run_are_those_that_they_were(key, inputs, tmp_path):
    expected = golden()["numbers"].get(key, {})
    found = numbers_of(key, inputs, tmp_path)
    differing = {
        name: f"{found.get(name)} found, {expected.get(name)} expected"
        for name in sorted({*found, *expected})
        if found.get(name)
        != pytest.approx(expected.get(name), **TOLERANCES["loss" if name.startswith("loss") else "after"])
    }
    assert not differing, (
        f"{key}: {differing}: the results of runs have changed. If that was meant, raise NUMERICS in "
        "scripts/glossbench/provenance.py, add a line to CHANGELOG.md, and write golden_run.json anew as its test says"
    )


def test_the_golden_numbers_are_those_of_numerics():
    assert golden()["numerics"] == NUMERICS


def write():
    """Write the numbers of the code that is here."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        given = made_up_inputs(Path(folder))
        numbers = {key: numbers_of(key, given, Path(folder) / "runs" / key) for key in KEYS}
    GOLDEN.write_text(json.dumps({"numerics": NUMERICS, "numbers": numbers}, indent=1) + "\n")


if __name__ == "__main__":
    write()
