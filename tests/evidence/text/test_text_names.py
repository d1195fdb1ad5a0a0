"""Titles and order are those that are in force, and a key without a title is shown as itself, last."""

import pandas as pd
import pytest
from glossbench.evidence.text.names import (
    arrange,
    corpus_name,
    encoder_name,
    entries,
    in_order,
    is_gloss,
    metric_name,
    naming,
    objective_name,
    protocol_name,
    tunes_sigma,
)
from made_up import INTEGRATED, STANDALONE
from registered import REGISTRY, names


@pytest.mark.parametrize(
    ("key", "title"),
    [
        ("gloss-o-ce", "G-Loss-O + CE"),
        ("gloss-o-ce@reference", "G-Loss-O + CE (reference)"),
        ("gloss-o-ce+labeled_fraction=0.3", "G-Loss-O + CE (γ = 0.3)"),
        ("scl@reference+temperature=0.1+batch_size=64", "SCL (reference, τ = 0.1, batch size = 64)"),
        ("my-loss", "my-loss"),
    ],
)
def test_objectives_have_readable_names(key, title):
    with naming(names(key)):
        assert objective_name(key) == title


def test_titles_and_order_are_the_registries():
    assert in_order(reversed(REGISTRY["corpora"]), "corpus") == list(REGISTRY["corpora"])
    assert in_order(["zzz", "triplet", "ce", "aaa"], "objective") == ["ce", "triplet", "aaa", "zzz"]
    assert [corpus_name(key) for key in ("20ng", "nowhere")] == ["20NG", "nowhere"]
    assert [encoder_name(key) for key in ("bert-base", "nobody")] == ["BERT-base", "nobody"]


def test_names_are_in_force_inside_their_block_alone():
    before = corpus_name("mr")
    with naming({"corpus": [{"key": "mr", "title": "Another title"}]}):
        assert corpus_name("mr") == "Another title"
        assert encoder_name("bert-base") == "bert-base"
        assert (protocol_name("integrated"), metric_name("macro_f1")) == ("Integrated", "Macro-F1")
        with naming({}):
            assert corpus_name("mr") == "mr"
        assert list(entries("corpus")) == ["mr"]
    assert corpus_name("mr") == before != "Another title"


def test_a_family_says_which_objectives_are_g_loss_and_a_search_which_tune_sigma():
    gloss = {key for key in (*INTEGRATED, *STANDALONE) if is_gloss(key)}
    assert gloss == {"gloss-sqrt", "gloss-o", "gloss-sqrt-ce", "gloss-o-ce"}
    assert {key for key in (*INTEGRATED, *STANDALONE) if tunes_sigma(key)} == {"gloss-o", "gloss-o-ce"}
    assert is_gloss("gloss-o-ce@reference")
    assert not is_gloss("gloss-unheard-of")


def test_rows_are_arranged_by_names_then_by_values():
    frame = pd.DataFrame({"corpus": ["zzz", "r8", "mr", "r8"], "seed": [0, 1, 0, 0], "protocol": "standalone"})
    assert arrange(frame, ["corpus", "seed"])[["corpus", "seed"]].to_numpy().tolist() == [
        ["mr", 0], ["r8", 0], ["r8", 1], ["zzz", 0],
    ]  # fmt: skip
