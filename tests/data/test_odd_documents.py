"""Odd documents through the whole data stage: files, splits, tokens of the real tokenizer, documents in memory."""

import numpy as np
import pytest
from glossbench.data.cards import describe
from glossbench.data.corpora import prepare, read_split, write_split
from glossbench.data.documents import load_documents
from glossbench.data.encoders import load_tokenizer
from glossbench.data.splitting import stratified_subset
from glossbench.data.tokens import tokenize
from glossbench.errors import SettingsError
from glossbench.learning.training.inputs import RunInputs, load_splits
from glossbench.settings.training import Subset

from tests.support.documents_made_up import write_corpus

MAX_LENGTH = 24
SPLITTING = {"test_fraction": 0.3, "fraction": 0.2, "seed": 0}
# Content of a file, and the words that the tokenizer must see in it, worked out by hand.
ODD = {
    "nul": (b"good\x00 film\x00", "good film"),
    "control": (b"good\x07\x1b film", "good film"),
    "hebrew": ("\u200fשלום עולם".encode(), "שלום עולם"),
    "arabic": ("مرحبا بالعالم".encode(), "مرحبا بالعالم"),
    "emoji": ("good 🙂🏽 film".encode(), "good [UNK] film"),
    "latin-1": (b"caf\xe9 \xa3 5", "cafe £ 5"),
    "bom": (b"\xef\xbb\xbfgood film", "good film"),
    "empty": (b" \t", ""),
    "long": (b"good film " * 100_000, "good film " * MAX_LENGTH),
    "one-word": (b"x" * 1_000_000, "[UNK]"),
}


def documents_of(folder, minilm, kind, splitting, manifest):
    """Token ids by doc_id after every step of the data stage."""
    splits, class_names = prepare(kind, splitting, manifest)
    paths = {split: folder / f"{split}.parquet" for split in splits}
    for split, frame in splits.items():
        write_split(frame, class_names, paths[split])
        assert read_split(paths[split])[0].to_dict("list") == frame.to_dict("list")
    tokenize(paths, minilm, MAX_LENGTH, folder / "tokens")
    loaded = {}
    for split in splits:
        documents = load_documents(folder / "tokens", split)
        rows = np.split(documents.values.numpy(), documents.offsets[1:-1])
        loaded |= {name: ids.tolist() for name, ids in zip(documents.doc_ids, rows, strict=True)}
    return loaded


def ids_of(tokenizer, text):
    inner = [token for word in text.split() for token in tokenizer.tokenize(word)]
    return tokenizer.convert_tokens_to_ids(["[CLS]", *inner[: MAX_LENGTH - 2], "[SEP]"])


@pytest.fixture(scope="module")
def plain_files():
    return {f"{side}/{i}.txt": f"{side} film {i}".encode() for side in ("glad", "sad") for i in range(10)}


@pytest.mark.slow
def test_odd_documents_in_folders_give_the_tokens_of_what_can_be_read_in_them(tmp_path, minilm, plain_files):
    odd = {f"glad/{name}.txt": content for name, (content, _) in ODD.items()}
    manifest = write_corpus(tmp_path / "corpus", plain_files | odd)
    loaded = documents_of(tmp_path, minilm, "wheel-folders", SPLITTING, manifest)
    tokenizer = load_tokenizer(minilm)
    assert loaded.keys() == (plain_files | odd).keys()
    for name, (_, seen) in ODD.items():
        assert loaded[f"glad/{name}.txt"] == ids_of(tokenizer, seen), name
    assert "שלום" in tokenizer.decode(loaded["glad/hebrew.txt"])


def test_odd_documents_in_lines_give_the_tokens_of_what_can_be_read_in_them(tmp_path, minilm):
    sizes = [("train", 30), ("test", 10)]
    labels = [f"{split}-{i}\t{split}\t{'glad' if i % 2 else 'sad'}" for split, count in sizes for i in range(count)]
    texts = [f"film {i}".encode() for i in range(len(labels))]
    names = [name for name in ODD if name != "bom"]  # occurs only at the start of a file
    labels += [f"{name}\ttrain\tglad" for name in names]
    texts += [ODD[name][0] for name in names]
    contents = {"labels.txt": b"\xef\xbb\xbf" + "\n".join(labels).encode(), "texts.txt": b"\r\n".join(texts) + b"\n"}
    manifest = write_corpus(tmp_path / "corpus", contents)
    loaded = documents_of(tmp_path, minilm, "textgcn", {"fraction": 0.2, "seed": 0}, manifest)
    tokenizer = load_tokenizer(minilm)
    assert len(loaded) == len(labels)
    assert loaded["train-0"] == ids_of(tokenizer, "film 0")
    for name in names:
        assert loaded[name] == ids_of(tokenizer, ODD[name][1]), name


def test_a_class_of_one_document_is_learned_and_drawn_into_every_subset(tmp_path, minilm, plain_files):
    manifest = write_corpus(tmp_path / "corpus", plain_files | {"rare/1.txt": b"once"})
    loaded = documents_of(tmp_path, minilm, "wheel-folders", SPLITTING, manifest)
    assert len(loaded) == 21
    splits, class_names = prepare("wheel-folders", SPLITTING, manifest)
    card = describe(splits, class_names, {"splitting": SPLITTING})
    assert [card["class_counts"][split]["rare"] for split in ("train", "val", "test")] == [1, 0, 0]
    assert card["n_classes_missing"] == {"train": 0, "val": 1, "test": 1}
    rare = class_names.index("rare")
    for seed in range(5):
        labels = splits["train"]["label"].to_numpy()
        assert rare in labels[stratified_subset(labels, 3, seed)]
        subset = {"train": 3, "per_class": 1, "val": None, "test": 2, "seed": seed}
        drawn = load_splits(RunInputs(tmp_path / "tokens", minilm), Subset(**subset))
        assert drawn.num_classes == 3
        assert rare in drawn.train.labels
        assert (len(drawn.train), len(drawn.test)) == (3, 2)


def test_a_subset_larger_than_the_split_is_refused_by_the_run_too(tmp_path, minilm, plain_files):
    documents_of(tmp_path, minilm, "wheel-folders", SPLITTING, write_corpus(tmp_path / "corpus", plain_files))
    with pytest.raises(SettingsError, match=r"^subset.val: subset of 99 documents, expected 1 to 3"):
        load_splits(RunInputs(tmp_path / "tokens", minilm), Subset(val=99))
