"""Whether runs can be set against what the paper printed."""

import pytest
from glossbench.evidence.differences import size_differences
from made_up import runs
from registered import FACTS


def found(corpus: str = "mr", encoder: str = "bert-base", **columns) -> list[str]:
    return size_differences(runs({(corpus, encoder, "ce"): [0.9, 0.8]}, **columns), corpus, encoder, FACTS)


def test_whole_runs_of_the_papers_cells_differ_in_nothing():
    for corpus in FACTS.documents:
        for encoder in FACTS.parameters:
            assert found(corpus, encoder) == []


def test_every_difference_is_named_by_what_was_run_and_what_the_paper_has():
    assert found(n_train=1000, n_val=100, n_test=500, n_trainable=14_200_000) == [
        "learned from 1,100 of 7,108 documents",
        "tested on 500 of 3,554",
        "trained 14.2 of 110.0 million parameters",
    ]


def test_the_least_of_several_runs_counts():
    assert found(n_trainable=[110_000_000, 14_200_000]) == ["trained 14.2 of 110.0 million parameters"]


@pytest.mark.parametrize("parameters", [109_482_240, 110_104_890])
def test_with_or_without_a_head_it_is_the_papers_encoder(parameters):
    assert found(n_parameters=parameters, n_trainable=parameters) == []


def test_a_corpus_that_the_paper_lacks_is_not_judged_by_its_size_and_an_encoder_by_its_own():
    assert found("my-corpus", "my-encoder", n_train=3) == []
    assert found("my-corpus", "my-encoder", n_trainable=1_000_000) == ["trained 1.0 of 22.0 million parameters"]
