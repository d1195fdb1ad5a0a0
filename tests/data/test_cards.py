"""Cards of corpora: sizes, and counts worked out by hand."""

import pandas as pd
import pytest
from glossbench.data.cards import describe
from glossbench.data.corpora import prepare
from glossbench.data.entries import card_settings
from glossbench.errors import CorpusError

from tests.support.registered import entries


def test_sizes_are_those_that_the_registry_states(bbc_news):
    stated = entries("corpora")["bbc-news"]
    splits, class_names = prepare("wheel-folders", stated["splitting"], bbc_news)
    assert describe(splits, class_names, card_settings("bbc-news", stated))["n_train"] == stated["documents"]["train"]
    wrong = stated | {"documents": stated["documents"] | {"val": 155}}
    line = r"^bbc-news: test 662, train 1409, val 154 documents found, expected test 662, train 1409, val 155; correct"
    with pytest.raises(CorpusError, match=line):
        describe(splits, class_names, card_settings("bbc-news", wrong))


def test_card_counts_what_is_odd():
    def frame(*rows):
        return pd.DataFrame(rows, columns=["text", "label"]).assign(doc_id=[f"d{n}" for n in range(len(rows))])

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
        "test_in_train": ["d0", "d1"],
        "n_conflicts": 1,
    }


def test_copies_of_pairs_are_copies_of_both_texts():
    def frame(*rows):
        frame = pd.DataFrame(rows, columns=["text", "text_pair", "label"])
        return frame.assign(doc_id=[f"d{n}" for n in range(len(rows))])

    splits = {
        "train": frame(("q", "s", 0), ("q", "t", 1), ("q", "s", 0), ("q", "t", 0)),
        "val": frame(("r", "s", 1)),
        "test": frame(("q", "s", 1), ("q", "u v", 1), ("s", "q", 0), ("", "", 0)),
    }
    card = describe(splits, ["x", "y"], {"splitting": "given"})
    assert (card["split"], card["n_duplicates"], card["n_test_in_train"]) == ("given", 3, 1)
    assert card["test_in_train"] == ["d0"]
    assert (card["n_conflicts"], card["n_empty"]) == (1, 1)
