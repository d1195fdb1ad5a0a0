"""Attention and dropout of packed documents, against torch's own and by finite differences."""

import pytest
import torch
import torch.nn.functional as F
from glossbench.learning.encoder.attention import attend
from glossbench.learning.encoder.dropout import Dropout, draw_mask, keep_probability
from glossbench.learning.encoder.packing import Packing, micro_batches
from hypothesis import given
from hypothesis import strategies as st

PACKING = Packing((3, 1, 5, 4))


def states(first_only=False, seed=0):
    """Queries, keys and values of the documents of PACKING with two heads."""
    torch.manual_seed(seed)
    rows = (len(PACKING) if first_only else PACKING.tokens, PACKING.tokens, PACKING.tokens)
    return [torch.randn(n, 2, 3, dtype=torch.float64, requires_grad=True) for n in rows]


def by_document(query, key, value, scaling):
    """torch's attention of one document after the other."""
    sizes = PACKING.lengths
    rows = sizes if len(query) == len(key) else [1] * len(sizes)
    parts = zip(query.split(rows), key.split(sizes), value.split(sizes), strict=True)
    found = [
        F.scaled_dot_product_attention(*(part.transpose(0, 1) for part in three), scale=scaling).transpose(0, 1)
        for three in parts
    ]
    return torch.cat(found)


@pytest.mark.parametrize("first_only", [False, True])
def test_attention_stays_within_documents(first_only):
    given_states = states(first_only)
    torch.testing.assert_close(attend(*given_states, PACKING, 0.4, 0.0), by_document(*given_states, 0.4))
    assert torch.autograd.gradcheck(lambda *three: attend(*three, PACKING, 0.4, 0.0), given_states)


@pytest.mark.parametrize("first_only", [False, True])
def test_gradients_of_attention_with_dropout_are_finite_differences(first_only):
    def drawn(*three):
        torch.manual_seed(7)
        return attend(*three, PACKING, 0.4, 0.3)

    assert torch.autograd.gradcheck(drawn, states(first_only))
    assert not torch.allclose(drawn(*states(first_only)), by_document(*states(first_only), 0.4))


@pytest.mark.slow
def test_attention_dropout_keeps_the_mean():
    query, key, value = (one.detach() for one in states())
    torch.manual_seed(0)
    mean = sum(attend(query, key, value, PACKING, 0.4, 0.3) for _ in range(4000)) / 4000
    torch.testing.assert_close(mean, by_document(query, key, value, 0.4), rtol=0, atol=0.06)


@pytest.mark.parametrize("p", [0.1, 0.5, 0.0])
def test_dropout_drops_and_scales_with_the_stated_probability(p):
    torch.manual_seed(1)
    values = torch.full((400, 500), 2.0, requires_grad=True)
    found = Dropout(p)(values)
    kept = found != 0
    assert kept.double().mean().item() == pytest.approx(keep_probability(p), abs=2e-3)
    assert abs(keep_probability(p) - (1 - p)) <= 1 / 512
    torch.testing.assert_close(found[kept], torch.full_like(found[kept], 2 / keep_probability(p)))
    found.sum().backward()
    torch.testing.assert_close(values.grad, kept / keep_probability(p), check_dtype=False)


def test_every_byte_of_a_draw_is_uniform_and_neighbours_are_independent():
    torch.manual_seed(2)
    kept = draw_mask((20_000, 16), 0.25).double()
    assert (kept.mean(dim=0) - 0.75).abs().max() < 0.02
    correlation = torch.corrcoef(kept.T) - torch.eye(16)
    assert correlation.abs().max() < 0.04


def test_a_mask_is_a_function_of_the_seed_with_any_number_of_threads():
    threads, masks = torch.get_num_threads(), []
    try:
        for n in (1, 2):
            torch.set_num_threads(n)
            torch.manual_seed(3)
            masks.append(draw_mask((999, 77), 0.1))
    finally:
        torch.set_num_threads(threads)
    assert masks[0].equal(masks[1])


@given(st.lists(st.integers(1, 40), max_size=30), st.integers(1, 64))
def test_micro_batches_hold_each_document_once_sorted_and_within_the_budget(lengths, most_tokens):
    groups = micro_batches(torch.tensor(lengths, dtype=torch.int64), most_tokens)
    found = [i for group in groups for i in group.tolist()]
    assert sorted(found) == list(range(len(lengths)))
    assert [lengths[i] for i in found] == sorted(lengths)
    sums = [sum(lengths[i] for i in group.tolist()) for group in groups]
    assert all(total <= most_tokens or len(group) == 1 for total, group in zip(sums, groups, strict=True))
    firsts = [lengths[group[0]] for group in groups[1:]]
    assert all(total + first > most_tokens for total, first in zip(sums, firsts, strict=False)), "no group is too small"


def test_padded_attention_of_other_devices_is_that_of_the_cpu():
    """The path of other devices, run here on the CPU."""
    from glossbench.learning.encoder import attention

    for first_only in (False, True):
        given_states = states(first_only)
        padded = attention._padded(*given_states, PACKING, 0.4, 0.0)
        torch.testing.assert_close(padded, by_document(*given_states, 0.4))
        assert torch.autograd.gradcheck(lambda *three: attention._padded(*three, PACKING, 0.4, 0.0), given_states)
