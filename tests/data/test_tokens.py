"""Token files against the tokenizer called document by document."""

import filecmp
import json
from pathlib import Path

import datasets
import pandas as pd
import pytest
from glossbench.data.corpora import prepare, write_split
from glossbench.data.documents import load_documents
from glossbench.data.tokens import odd_shares, tokenize
from glossbench.errors import SettingsError
from transformers import AutoTokenizer

ODD = ["", "\x00nul \x1c\r", "🙂 שלום مرحبا", "word " * 20_000, "x" * 1_000_000]


@pytest.fixture(scope="module")
def splits(bbc_news, tmp_path_factory) -> dict[str, Path]:
    """The beginnings of a few real documents of each split, and the odd ones."""
    folder = tmp_path_factory.mktemp("splits")
    frames, names = prepare("wheel-folders", {"test_fraction": 0.3, "fraction": 0.1, "seed": 0}, bbc_news)
    frames = {split: frame.head(1200 if split == "train" else 20) for split, frame in frames.items()}
    for frame in frames.values():
        frame["text"] = frame["text"].str[:400]  # still more than 64 tokens, in a tenth of the time
    odd = pd.DataFrame({"doc_id": [f"odd-{i}" for i in range(len(ODD))], "text": ODD, "label": 0})
    frames["val"] = pd.concat([frames["val"], odd], ignore_index=True)
    for split, frame in frames.items():
        write_split(frame, names, folder / f"{split}.parquet")
    return {split: folder / f"{split}.parquet" for split in frames}


@pytest.mark.slow
def test_tokens_equal_the_tokenizer_called_on_each_document(splits, minilm, tmp_path):
    tokenize(splits, minilm, 64, tmp_path / "tokens")
    tokenizer = AutoTokenizer.from_pretrained(minilm)
    stored = datasets.load_from_disk(tmp_path / "tokens")
    kinds = {name: str(kind.dtype) for name, kind in stored["val"].features.items() if name != "input_ids"}
    assert kinds == {"doc_id": "string", "label": "int64"}
    assert stored["val"].features["input_ids"].feature.dtype == "int32"
    for split, path in splits.items():
        frame = pd.read_parquet(path)
        expected = [tokenizer.encode(text, truncation=True, max_length=64) for text in frame["text"]]
        assert list(stored[split]["input_ids"]) == expected
        documents = load_documents(tmp_path / "tokens", split)
        for i in range(0, len(frame), 7):
            assert documents.values[documents.offsets[i] : documents.offsets[i + 1]].tolist() == expected[i]
        assert documents.labels.tolist() == frame["label"].tolist()
        assert documents.doc_ids == frame["doc_id"].tolist()
    # the empty document is its special tokens
    assert stored["val"][20]["input_ids"] == [tokenizer.cls_token_id, tokenizer.sep_token_id]


def test_files_are_the_same_byte_for_byte_and_replace_older_ones(splits, minilm, tmp_path):
    small = {"val": splits["test"]}
    tokenize(small | {"train": splits["test"]}, minilm, 16, tmp_path / "a")
    for name in ("a", "b"):
        tokenize(small, minilm, 16, tmp_path / name)
    compared = filecmp.dircmp(tmp_path / "a", tmp_path / "b")
    assert (compared.left_only, compared.right_only) == ([], [])
    names = [str(path.relative_to(tmp_path / "a")) for path in (tmp_path / "a").rglob("*") if path.is_file()]
    assert len(names) > 3
    assert filecmp.cmpfiles(tmp_path / "a", tmp_path / "b", names, shallow=False) == (names, [], [])


@pytest.mark.parametrize("max_length", [2, 513])
def test_length_the_encoder_cannot_take_is_refused(splits, minilm, max_length):
    with pytest.raises(SettingsError, match=f"max_length: {max_length}, expected 3 to 512"):
        tokenize(splits, minilm, max_length, "tokens")


def test_shares_of_unknown_and_of_truncated_tokens_are_counted_by_hand(minilm, tmp_path):
    texts = ["good 🙂 film", "a good film and a bad one", "", "🙂🙂 🙂"]  # 3, 7, 0 and 2 tokens
    frame = pd.DataFrame({"doc_id": list("abcd"), "text": texts, "label": 0})
    write_split(frame, ["x"], tmp_path / "train.parquet")
    shares = tokenize({"train": tmp_path / "train.parquet"}, minilm, 7, tmp_path / "tokens")  # five without the special
    assert shares == {"train": {"unknown": 0.3, "truncated": round(2 / 12, 4)}}
    assert json.loads((tmp_path / "tokens/card.json").read_text()) == shares
    unknown = "30% of the tokens are unknown to the encoder; was it trained on this language and script?"
    assert odd_shares(shares, 7) == unknown
    shares["train"] |= {"unknown": 0.0, "truncated": 0.5}
    cut_off = "50% of the tokens are cut off at max_length 7; raise it where the encoder can take more"
    assert odd_shares(shares, 7) == cut_off
    assert odd_shares({"train": {"unknown": 0.2, "truncated": 0.2}}, 7) == ""
