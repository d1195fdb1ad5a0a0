"""Ragged documents against plain loops."""

from dataclasses import replace

import pytest
import torch
from glossbench.data.documents import Documents
from hypothesis import given, settings
from hypothesis import strategies as st

DEVICES = ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)]


def ragged(rows: list[list[int]], hidden: int | None = None) -> Documents:
    flat = torch.tensor([token for row in rows for token in row], dtype=torch.int64)
    values = flat if hidden is None else flat[:, None] + torch.arange(hidden) / 8
    offsets = torch.tensor([0, *(sum(map(len, rows[: i + 1])) for i in range(len(rows)))])
    return Documents(values, offsets, torch.arange(len(rows)), [f"d{i}" for i in range(len(rows))])


cases = st.lists(st.lists(st.integers(1, 99), max_size=9), min_size=1, max_size=8).flatmap(
    lambda rows: st.tuples(st.just(rows), st.lists(st.integers(0, len(rows) - 1), max_size=10))
)


@settings(max_examples=50)
@given(cases)
def test_selection_equals_a_plain_loop(case):
    rows, indices = case
    chosen = ragged(rows).select(indices)
    assert [part.tolist() for part in chosen.values.split(chosen.lengths.tolist())] == [rows[i] for i in indices]
    assert chosen.labels.tolist() == indices
    assert chosen.doc_ids == [f"d{i}" for i in indices]


def test_parts_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="expected all 3 tokens"):
        Documents(torch.arange(3), torch.tensor([0, 2]), torch.zeros(1), ["a"])
    with pytest.raises(ValueError, match="expected as many of each"):
        Documents(torch.arange(2), torch.tensor([0, 2]), torch.zeros(2), ["a"])


@pytest.mark.parametrize("device", DEVICES)
def test_token_types_stay_beside_their_tokens(device):
    rows = [[1, 2, 3], [], [4]]
    documents = replace(ragged(rows), token_types=torch.tensor([0, 1, 1, 0])).to(device)
    assert documents.token_types.device.type == device
    assert documents.select([2, 0]).token_types.tolist() == [0, 0, 1, 1]
    assert ragged(rows).select([2, 0]).token_types is None
    with pytest.raises(ValueError, match="offsets end at 4, expected all 3 tokens"):
        replace(ragged(rows), token_types=torch.tensor([0, 1, 1]))
