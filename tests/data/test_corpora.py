"""Prepared corpora: splits drawn here, files, cards."""

import json

import pandas as pd
import pytest
from data_registries import registry
from glossbench.data.cards import describe, write_card
from glossbench.data.corpora import prepare, read_split, write_split
from glossbench.data.entries import card_settings
from glossbench.errors import CorpusError

DRAWN = {"test_fraction": 0.3, "fraction": 0.1, "seed": 0}


@pytest.fixture(scope="module")
def bbc(bbc_news):
    return prepare("wheel-folders", DRAWN, bbc_news)


def test_drawn_split_holds_every_document_once_in_proportion(bbc):
    splits, class_names = bbc
    assert class_names == ["business", "entertainment", "politics", "sports", "tech"]
    whole = pd.concat(splits.values())
    assert len(whole) == whole["doc_id"].nunique() == 2225
    assert len(splits["test"]) == pytest.approx(0.3 * 2225, rel=0.05)
    assert len(splits["val"]) == pytest.approx(0.1 * 0.7 * 2225, rel=0.05)
    for frame in splits.values():
        shares = frame["label"].value_counts(normalize=True) - whole["label"].value_counts(normalize=True)
        assert shares.abs().max() < 0.02


def test_no_text_is_in_two_splits_of_a_drawn_split(bbc):
    texts = [set(frame["text"]) for frame in bbc[0].values()]
    assert sum(map(len, texts)) == len(set.union(*texts)) == 2127


def test_split_depends_on_its_seed_alone(bbc, bbc_news):
    again, _ = prepare("wheel-folders", DRAWN, bbc_news)
    other, _ = prepare("wheel-folders", DRAWN | {"seed": 1}, bbc_news)
    for split, frame in bbc[0].items():
        assert frame.equals(again[split])
        assert not frame["doc_id"].equals(other[split]["doc_id"])


def test_drawn_validation_leaves_the_published_test_split_alone(paper_corpus):
    splits, _, manifest = paper_corpus("r52")
    drawn, _ = prepare("textgcn", {"fraction": 0.1, "seed": 3}, manifest)
    assert drawn["test"].equals(splits["test"])
    assert len(drawn["train"]) + len(drawn["val"]) == len(splits["train"]) + len(splits["val"])
    assert set(drawn["val"]["label"]) <= set(drawn["train"]["label"])


def test_files_are_the_same_byte_for_byte_and_read_back(bbc, tmp_path):
    splits, class_names = bbc
    for name in ("a", "b"):
        write_split(splits["val"], class_names, tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    frame, names = read_split(tmp_path / "a")
    assert names == class_names
    assert frame.to_dict("list") == splits["val"].to_dict("list")
    assert [str(kind) for kind in frame.dtypes] == ["str", "str", "int64"]


def test_sizes_are_those_that_the_registry_states(bbc):
    splits, class_names = bbc
    stated = registry("corpora")["bbc-news"]
    assert describe(splits, class_names, card_settings("bbc-news", stated))["n_train"] == stated["documents"]["train"]
    wrong = stated | {"documents": stated["documents"] | {"val": 155}}
    line = r"^bbc-news: test 662, train 1409, val 154 documents found, expected test 662, train 1409, val 155; correct"
    with pytest.raises(CorpusError, match=line):
        describe(splits, class_names, card_settings("bbc-news", wrong))


def test_card_counts_what_is_odd(tmp_path):
    def frame(*rows):
        return pd.DataFrame(rows, columns=["text", "label"])

    splits = {
        "train": frame(("a a a", 0), ("b", 0), ("b", 1), ("", 1)),
        "val": frame(("a a a", 0), ("c", 0)),
        "test": frame(("c", 0), ("c", 0), ("d", 1), ("d", 0)),
    }
    card = describe(splits, ["x", "y"], {"title": "T", "splitting": {"seed": 1, "fraction": 0.5}})
    assert card == {
        "title": "T",
        "split": "fraction 0.5, seed 1",
        "n_documents": 10,
        "n_train": 4,
        "n_val": 2,
        "n_test": 4,
        "n_classes": 2,
        "class_names": ["x", "y"],
        "class_counts": {"train": {"x": 2, "y": 2}, "val": {"x": 2, "y": 0}, "test": {"x": 3, "y": 1}},
        "n_classes_missing": {"train": 0, "val": 1, "test": 0},
        "n_empty": 1,
        "n_duplicates": 5,
        "n_test_in_train": 2,
        "n_conflicts": 1,
        "mean_words": 1.3,
        "max_words": 3,
    }
    write_card(card, tmp_path / "card.json")
    assert json.loads((tmp_path / "card.json").read_text()) == card
