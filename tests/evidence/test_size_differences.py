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


@pytest.mark.parametrize(
    ("columns", "differences"),
    [
        ({"n_trainable": [110_000_000, 14_200_000]}, ["trained 14.2 of 110.0 million parameters"]),  # the least counts
        ({"n_parameters": 109_482_240, "n_trainable": 109_482_240}, []),  # without a head
        ({"n_parameters": 110_104_890, "n_trainable": 110_104_890}, []),  # with one
        ({"corpus": "my-corpus", "n_train": 3}, []),
        ({"encoder": "my-encoder", "n_trainable": 1_000_000}, ["trained 1.0 of 22.0 million parameters"]),
    ],
)
def test_encoders_are_compared_by_parameters_and_the_papers_corpora_by_documents(columns, differences):
    assert found(**columns) == differences
