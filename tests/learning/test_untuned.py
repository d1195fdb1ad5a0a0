"""Untuned objectives: what they predict without fine-tuning, on which documents, and what a run of one leaves behind."""

import itertools
import json
import math
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from glossbench.checksums import read_checksums
from glossbench.data.corpora import write_split
from glossbench.data.splitting import subset_of_run
from glossbench.errors import TrainingError
from glossbench.frames import contract_violations
from glossbench.learning.collecting import collect_epochs, collect_runs
from glossbench.learning.encoder.loading import load_backbone
from glossbench.learning.training.inputs import RunInputs, load_splits
from glossbench.learning.untuned import frozen, tfidf
from glossbench.learning.untuned.run import classify_untuned
from glossbench.settings.jobs import UntunedSettings
from glossbench.settings.model import SPLITS
from glossbench.settings.training import Subset
from safetensors.torch import save_file
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, silhouette_samples
from sklearn.preprocessing import StandardScaler, normalize

from tests.support.tiny_runs import save_tokens

SIZES = {"train": 60, "val": 30, "test": 45}
SUBSET = {"train": 30, "per_class": 1, "val": None, "test": 20, "seed": 3}
WORDS = {
    0: ["oil", "gas", "fuel", "well", "rig"],
    1: ["goal", "team", "cup", "match", "win"],
    2: ["vote", "party", "law", "poll", "seat"],
}
CPU = torch.device("cpu")
MADE_FROM = {"settings": "made-up", "code": "made-up", "numerics": 1}


def settings(objective_key, **more):
    """Settings of an untuned objective as its rule passes them."""
    given = {
        "corpus": "made-up", "encoder": "tiny", "objective_key": objective_key, "seed": 0,
        "objective": {"objective": objective_key, "preset": "paper", "classifier": objective_key},
        "probe": {"C": [0.1, 1, 10]}, "subset": SUBSET, **more,
    }  # fmt: skip
    return UntunedSettings(**given)


@pytest.fixture
def texts(tmp_path):
    """Files of three splits whose classes prefer words of their own."""
    chance, files = np.random.default_rng(0), {}
    for split, size in SIZES.items():
        labels = np.arange(size) % 3
        known = [*itertools.chain(*WORDS.values())]
        documents = [" ".join(chance.choice(WORDS[n], 2)) + " " + " ".join(chance.choice(known, 3)) for n in labels]
        names = [str(place) for place in range(size)]
        files[split] = tmp_path / f"{split}.parquet"
        write_split(pd.DataFrame({"doc_id": names, "text": documents, "label": labels}), list("abc"), files[split])
    return files


def weighted(documents, known=None):
    """tf-idf by plain loops: words and pairs of two training documents, smooth idf, rows of unit norm."""
    counts = []
    for text in documents:
        words = text.split()
        counts.append(Counter([*words, *(" ".join(pair) for pair in itertools.pairwise(words))]))
    if known is None:
        frequency = Counter(term for count in counts for term in count)
        known = {term: math.log((1 + len(documents)) / (1 + n)) + 1 for term, n in sorted(frequency.items()) if n >= 2}
    rows = np.array([[count[term] * idf for term, idf in known.items()] for count in counts])
    return normalize(rows), known


def test_tfidf_is_a_logistic_regression_on_words_and_word_pairs_with_c_chosen_on_validation(texts):
    found = tfidf.classify(settings("tfidf", subset={}), texts, CPU)
    frames = {split: pd.read_parquet(path) for split, path in texts.items()}
    train, known = weighted(frames["train"]["text"])
    val, test = (weighted(frames[split]["text"], known)[0] for split in ("val", "test"))
    fitted = [LogisticRegression(C=C, max_iter=1000).fit(train, frames["train"]["label"]) for C in (0.1, 1, 10)]
    scores = [f1_score(frames["val"]["label"], one.predict(val), average="macro") for one in fitted]
    best = int(np.argmax(scores))
    assert (0.1, 1, 10)[best] == found.C
    assert list(found.predicted["test"]) == list(fitted[best].predict(test))
    assert (found.predicted["test"] == frames["test"]["label"]).mean() > 0.5


def test_tfidf_reads_the_documents_that_other_runs_read_as_tokens(texts, tmp_path):
    found = tfidf.classify(settings("tfidf"), texts, CPU)
    documents = load_splits(save_tokens(tmp_path / "tokens", tmp_path, **SIZES), Subset(**SUBSET))
    assert found.doc_ids == documents.test.doc_ids
    assert {split: len(labels) for split, labels in found.labels.items()} == {"train": 30, "val": 30, "test": 20}


def test_seeds_that_draw_their_own_documents_read_the_stored_states_of_these(texts, tmp_path):
    drawn, tokens = Subset(**SUBSET, draw="seed"), save_tokens(tmp_path / "tokens", tmp_path, **SIZES)
    splits = {seed: load_splits(tokens, subset_of_run(drawn, seed)) for seed in (0, 1)}
    assert splits[0].test.doc_ids == load_splits(tokens, Subset(**SUBSET)).test.doc_ids  # the draw of the study
    for seed, read in splits.items():
        found = tfidf.classify(settings("tfidf", subset=drawn, seed=seed), texts, CPU)
        assert found.doc_ids == read.test.doc_ids
    assert all(getattr(splits[0], name).doc_ids != getattr(splits[1], name).doc_ids for name in ("train", "test"))

    whole = load_splits(tokens, Subset())
    states = {name: getattr(whole, name).values.float()[:, None] for name in SPLITS}
    save_file(states, tmp_path / "frozen")
    stored = load_splits(replace(tokens, frozen=tmp_path / "frozen"), subset_of_run(drawn, 1))
    for name in SPLITS:
        own = getattr(splits[1], name)
        assert torch.equal(getattr(stored, name).values[:, 0], own.values.float())
        assert getattr(stored, name).doc_ids == own.doc_ids


def test_documents_without_a_common_word_are_refused_with_one_line(tmp_path):
    files = {split: tmp_path / f"{split}.parquet" for split in SIZES}
    for path in files.values():
        write_split(pd.DataFrame({"doc_id": ["1", "2"], "text": ["one", "two"], "label": [0, 1]}), ["a", "b"], path)
    with pytest.raises(TrainingError, match=r"^no word is in 2 of the training documents \("):
        tfidf.classify(settings("tfidf", subset={}), files, CPU)


def frozen_settings(**more):
    return settings("frozen", encoder_settings={}, max_length=20, **more)


def frozen_files(folder, encoder):
    save_tokens(folder / "tokens", encoder, **SIZES)
    return {"tokens": folder / "tokens", "encoder": encoder / "SHA256SUMS"}


def test_frozen_is_the_probe_on_embeddings_of_the_encoder_as_it_was_pre_trained(bert_folder, tmp_path):
    files = frozen_files(tmp_path, bert_folder)
    found = frozen.classify(frozen_settings(), files, CPU)
    splits = load_splits(RunInputs.of(files), Subset(**SUBSET))
    documents = {name: getattr(splits, name) for name in SPLITS}
    backbone = load_backbone(bert_folder).eval()
    embeddings = {}
    for split, chosen in documents.items():
        bounds = zip(chosen.offsets[:-1], chosen.offsets[1:], strict=True)
        with torch.no_grad():
            rows = [backbone(chosen.values[a:b][None]).last_hidden_state[0, 0] for a, b in bounds]
        embeddings[split] = torch.stack(rows).half().float().numpy()
    labels = {split: chosen.labels.numpy() for split, chosen in documents.items()}
    scaler = StandardScaler().fit(embeddings["train"])
    probe = LogisticRegression(C=found.C, max_iter=1000).fit(scaler.transform(embeddings["train"]), labels["train"])
    assert list(found.predicted["test"]) == list(probe.predict(scaler.transform(embeddings["test"])))
    assert found.n_parameters == sum(parameter.numel() for parameter in backbone.parameters())


def with_card(files):
    """The files of an untuned objective, and a card that knows no copies."""
    card = next(iter(files.values())).with_name("card.json")
    card.write_text(json.dumps({"test_in_train": []}))
    return {**files, "card": card}


def outputs(folder):
    folder.mkdir(parents=True)
    files = {name: folder / f"{name}.json" for name in ("settings", "metrics", "timing")}
    return {name: str(path) for name, path in {**files, "predictions": folder / "predictions.parquet"}.items()}


def test_an_untuned_objective_is_a_row_among_the_runs_without_epochs_and_without_settings_of_training(
    texts, bert_folder, tmp_path
):
    left = {name: outputs(tmp_path / name) for name in ("tfidf", "frozen")}
    classify_untuned(settings("tfidf"), with_card(texts), left["tfidf"], MADE_FROM)
    classify_untuned(frozen_settings(), with_card(frozen_files(tmp_path, bert_folder)), left["frozen"], MADE_FROM)
    metrics = {name: json.loads(Path(left[name]["metrics"]).read_text()) for name in left}
    rows = collect_runs("made-up", list(metrics.values()), [left[name]["timing"] for name in left]).set_index(
        "objective"
    )
    training = ["best_epoch", "stop_epoch", "learning_rate", "batch_size", "max_epochs", "patience", "weight"]
    seconds = ["train_seconds", "seconds_per_epoch", "docs_per_second", "tokens_per_second"]
    assert rows[training + seconds].isna().all(axis=None)
    assert (rows["protocol"] == "untuned").all()
    assert rows["n_train"].to_dict() == {"tfidf": 30, "frozen": 30}
    assert rows["n_trainable"].to_dict() == {"tfidf": 0, "frozen": 0}
    assert math.isnan(rows.loc["tfidf", "test_macro_silhouette"])
    for name in left:
        assert set(read_checksums(tmp_path / name / "SHA256SUMS")) == {Path(path).name for path in left[name].values()}
        predictions = pd.read_parquet(left[name]["predictions"])
        assert rows.loc[name, "test_accuracy"] == (predictions["label"] == predictions["predicted"]).mean()
        macro_f1 = f1_score(predictions["label"], predictions["predicted"], average="macro")
        assert rows.loc[name, "test_macro_f1"] == pytest.approx(macro_f1)
    epochs = collect_epochs(metrics, [], [])
    assert epochs.empty
    assert [fault for fault in contract_violations("epochs", epochs) if not fault.startswith("no column base")] == []


def test_the_silhouette_of_a_frozen_encoder_is_that_of_its_embeddings(bert_folder, tmp_path):
    files, output = frozen_files(tmp_path, bert_folder), outputs(tmp_path / "frozen")
    found = frozen.classify(frozen_settings(), files, CPU)
    classify_untuned(frozen_settings(), with_card(files), output, MADE_FROM)
    labels = found.labels["test"]
    samples = silhouette_samples(normalize(found.embeddings["test"].astype(np.float64)), labels)
    expected = np.mean([samples[labels == label].mean() for label in set(labels)])
    metrics = json.loads(Path(output["metrics"]).read_text())
    assert metrics["test_macro_silhouette"] == pytest.approx(expected)
