"""The paper's five corpora, from their real files: sizes, oddities, published validation documents."""

import collections
import re

import pandas as pd
import pytest
from glossbench.data.cards import describe

from tests.support.registered import PAPER_CORPORA, entries

# documents, train, val, test, classes: the paper's table of corpora
SIZES = {
    "mr": (10662, 6397, 711, 3554, 2),
    "r8": (7674, 4936, 549, 2189, 8),
    "r52": (9100, 5865, 667, 2568, 52),
    "ohsumed": (7400, 3021, 336, 4043, 23),
    "20ng": (18846, 10182, 1132, 7532, 20),
}
# test texts that are also in train, training texts with two labels, classes without validation documents
ODDITIES = {"mr": (0, 0, 0), "r8": (4, 4, 0), "r52": (6, 4, 1), "ohsumed": (0, 0, 0), "20ng": (0, 0, 0)}


@pytest.fixture(params=PAPER_CORPORA)
def corpus(request, paper_corpus):
    return request.param, *paper_corpus(request.param)


def test_sizes_and_oddities_are_those_of_the_paper(corpus):
    name, splits, class_names, _ = corpus
    card = describe(splits, class_names, {"splitting": "paper"})
    sizes = [card[key] for key in ("n_documents", "n_train", "n_val", "n_test", "n_classes")]
    assert tuple(sizes) == SIZES[name]
    found = (card["n_test_in_train"], card["n_conflicts"], card["n_classes_missing"]["val"])
    assert found == ODDITIES[name]
    assert card["n_empty"] == 0
    stated = entries("corpora")[name]["documents"]
    assert tuple(stated[split] for split in ("train", "val", "test")) == SIZES[name][1:4]


def test_every_document_keeps_its_class(corpus):
    _, splits, class_names, manifest = corpus
    expected = collections.Counter()
    with (manifest.parent / "labels.txt").open(encoding="latin-1", newline="") as lines:
        for line in lines:
            doc_id, split, class_name = re.fullmatch(r"(.+)\t(.+)\t(.+?)\r?\n?", line).groups()
            expected[doc_id, class_name, "test" if "test" in split else "train"] += 1
    found = collections.Counter(
        (doc_id, class_names[label], "test" if split == "test" else "train")
        for split, frame in splits.items()
        for doc_id, label in zip(frame["doc_id"], frame["label"], strict=True)
    )
    assert found == expected
    assert max(found.values()) == 1


def test_validation_texts_are_the_published_ones(corpus):
    """val.csv carries the texts too: positions off by one would give other texts."""
    _, splits, _, manifest = corpus
    published = pd.read_csv(manifest.parent / "validation.csv", index_col=0, keep_default_na=False).sort_index()
    plain = [re.sub(r"\s+", "", text) for text in published["text"]]
    # val.csv was made from Windows-1252, where five documents of MR have dashes and not control characters
    texts = [text.encode("latin-1").decode("cp1252", "replace") for text in splits["val"]["text"]]
    assert [re.sub(r"\s+", "", text) for text in texts] == plain
    # the same documents share the same published label
    assert len(set(zip(splits["val"]["label"], published["label"], strict=True))) == published["label"].nunique()
