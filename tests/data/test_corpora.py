"""Prepared corpora: which documents are in which split, and the files written."""

import pandas as pd
import pytest
from glossbench.data.cards import describe
from glossbench.data.corpora import prepare, read_split, write_split
from glossbench.errors import CorpusError

from tests.support.documents_made_up import write_corpus

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


def test_pairs_are_told_apart_by_both_texts(tmp_path):
    """A question occurs with many sentences: only a copy of both is a copy."""
    lines = ["q,s,y,split"]
    lines += [f"q{i % 5},s{i},{'ab'[i % 2]},train" for i in range(20)]
    lines += [f"q{i % 5},s{i},{'ab'[i % 2]},train" for i in range(4)]  # copies
    lines += ["q1,s1,b,test", "q1,t,b,test", "q0,s0,a,test", ",,a,test"]
    manifest = write_corpus(tmp_path, {"data.csv": "\n".join(lines)})
    columns = {"text": "q", "text_pair": "s", "label": "y", "split": "split"}
    splitting = {"fraction": 0.3, "seed": 0}
    splits, names = prepare("csv", splitting, manifest, {"columns": columns})
    learned = [set(zip(splits[split]["text"], splits[split]["text_pair"], strict=True)) for split in ("train", "val")]
    assert not learned[0] & learned[1]
    assert {len(pairs) for pairs in learned} == {14, 6}
    card = describe(splits, names, {"splitting": splitting})
    assert card["n_duplicates"] == 4 + 2
    assert (card["n_test_in_train"], card["n_conflicts"], card["n_empty"]) == (2, 0, 1)


def test_no_validation_split_is_drawn_where_the_corpus_has_one(tmp_path):
    rows = [f"film {i},{'ab'[i % 2]},{split}" for i, split in enumerate(["train"] * 20 + ["val"] * 2 + ["test"] * 4)]
    manifest = write_corpus(tmp_path, {"data.csv": "\n".join(["text,label,split", *rows])})
    columns = {name: name for name in ("text", "label", "split")}
    with pytest.raises(CorpusError, match=r"2 validation documents of its own; write `splitting: given`$"):
        prepare("csv", {"fraction": 0.1, "seed": 0}, manifest, {"columns": columns})
