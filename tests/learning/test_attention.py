"""Attention and dropout of packed documents, against torch's own and by finite differences."""

import pytest
import torch
import torch.nn.functional as F
from glossbench.learning.encoder import attention, first_token
from glossbench.learning.encoder.attention import attend
from glossbench.learning.encoder.dropout import Dropout, draw_mask, keep_probability
from glossbench.learning.encoder.encoder import prepared, through_layers
from glossbench.learning.encoder.first_token import first_tokens
from glossbench.learning.encoder.loading import AsGiven
from glossbench.learning.encoder.packing import Packing, micro_batches
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoConfig, AutoModel

PACKING = Packing((3, 1, 5, 4))


def states():
    """Queries, keys and values of the documents of PACKING with two heads."""
    torch.manual_seed(0)
    return [torch.randn(PACKING.tokens, 2, 3, dtype=torch.float64, requires_grad=True) for _ in range(3)]


def by_document(query, key, value, scaling):
    """torch's attention of one document after the other."""
    parts = zip(*(states.split(PACKING.lengths) for states in (query, key, value)), strict=True)
    found = [
        F.scaled_dot_product_attention(*(part.transpose(0, 1) for part in three), scale=scaling).transpose(0, 1)
        for three in parts
    ]
    return torch.cat(found)


def test_attention_stays_within_documents():
    given_states = states()
    torch.testing.assert_close(attend(*given_states, PACKING, 0.4, 0.0), by_document(*given_states, 0.4))
    assert torch.autograd.gradcheck(lambda *three: attend(*three, PACKING, 0.4, 0.0), given_states)


def test_gradients_of_attention_with_dropout_are_finite_differences():
    def drawn(*three):
        torch.manual_seed(7)
        return attend(*three, PACKING, 0.4, 0.3)

    assert torch.autograd.gradcheck(drawn, states())
    assert not torch.allclose(drawn(*states()), by_document(*states(), 0.4))


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
    padded = attention._padded(*states(), PACKING, 0.4, 0.0)
    torch.testing.assert_close(padded, by_document(*states(), 0.4))
    assert torch.autograd.gradcheck(lambda *three: attention._padded(*three, PACKING, 0.4, 0.0), states())


@pytest.fixture(params=["bert", "mpnet"])
def backbone(request):
    """A transformer of one layer in float64, with biases that are not zero."""
    torch.manual_seed(4)
    sizes = {"vocab_size": 9, "hidden_size": 6, "num_hidden_layers": 1, "num_attention_heads": 2}
    given = {**sizes, "intermediate_size": 8, "attention_probs_dropout_prob": 0.3}
    config = AutoConfig.for_model(request.param, **given)
    backbone = prepared(AutoModel.from_config(config)).double()
    for parameter in backbone.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    backbone.embeddings = AsGiven()
    return backbone


@pytest.mark.parametrize("path", ["_rectangles", "_padded"])
def test_a_first_token_without_keys_and_values_is_that_of_the_whole_layer(backbone, path, monkeypatch):
    monkeypatch.setattr(first_token, "_rectangles", getattr(first_token, path))
    backbone.eval()
    hidden, packing = torch.randn(11, 6, dtype=torch.float64, requires_grad=True), Packing((1, 3, 3, 4))
    found, parameters = first_tokens(backbone, hidden, packing), [hidden, *backbone.encoder.parameters()]
    documents = hidden.split(packing.lengths)
    if backbone.config.model_type == "bert":
        whole = through_layers(backbone.encoder.layer, hidden, packing)[packing.starts]
    else:
        whole = torch.cat([backbone(inputs_embeds=states[None]).last_hidden_state[:, 0] for states in documents])
    torch.testing.assert_close(found, whole)
    weights = torch.randn_like(whole)
    one, other = (torch.autograd.grad(x, parameters, weights, allow_unused=True) for x in (found, whole))
    for a, b in zip(one, other, strict=True):  # the key's bias cancels and has no gradient
        torch.testing.assert_close(torch.zeros_like(b) if a is None else a, b)


def test_gradients_of_a_first_token_with_dropout_are_finite_differences(backbone):
    def drawn(hidden):
        torch.manual_seed(7)
        return first_tokens(backbone.train(), hidden, PACKING)

    hidden = torch.randn(PACKING.tokens, 6, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(drawn, hidden)
    assert not torch.allclose(drawn(hidden), first_tokens(backbone.eval(), hidden, PACKING))
