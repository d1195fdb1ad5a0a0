"""Group Loss against loops and finite differences; its invariants and anchors."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from glossbench.losses import GroupLoss
from glossbench.losses.group import correlations, draw_anchors, refine
from hypothesis import example, given, settings
from hypothesis import strategies as st


def batch(seed, n=12, dimension=6, classes=3):
    """Random embeddings (n, d), labels (n,), logits (n, C) and anchors (n,)."""
    generator = torch.Generator().manual_seed(seed)
    embeddings, logits = (torch.randn(n, size, generator=generator).double() for size in (dimension, classes))
    labels = torch.randint(0, classes, (n,), generator=generator)
    return embeddings, labels, 3 * logits, torch.rand(n, generator=generator) < 0.3


batches = st.builds(batch, st.integers(0, 2**31), st.integers(1, 30), st.integers(2, 8), st.integers(1, 6))


def plain_loss(embeddings, labels, logits, anchors, iterations, temperature):
    """The loss by loops, with numpy's correlations."""
    n, classes = logits.shape
    w = np.corrcoef(embeddings.numpy())
    x = np.exp(logits.numpy() / temperature)
    x = [row / row.sum() for row in x]
    for i in range(n):
        if anchors[i]:
            x[i] = np.array([float(c == labels[i]) for c in range(classes)])
    for _ in range(iterations):
        new = []
        for i in range(n):
            row = [x[i][c] * sum(max(0.0, w[i, j]) * x[j][c] for j in range(n)) for c in range(classes)]
            new.append(np.array(row) / sum(row))
        x = new
    return sum(-math.log(x[i][labels[i]] + 1e-12) for i in range(n)) / n


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("iterations", "temperature"), [(1, 1.0), (4, 20.0)])
def test_the_loss_is_what_a_plain_loop_gives(seed, iterations, temperature):
    embeddings, labels, logits, anchors = batch(seed)
    found = GroupLoss(iterations, temperature=temperature)(embeddings, labels, logits, anchors=anchors)
    assert found.item() == pytest.approx(plain_loss(embeddings, labels, logits, anchors, iterations, temperature))


@pytest.mark.parametrize("iterations", [1, 3])
def test_gradients_are_finite_differences(iterations):
    embeddings, labels, logits, anchors = batch(4, n=9)
    loss = GroupLoss(iterations, temperature=2.0)
    points = embeddings.requires_grad_(), logits.requires_grad_()
    assert torch.autograd.gradcheck(lambda x, z: loss(x, labels, z, anchors=anchors), points)


@settings(max_examples=60)
@given(batches, st.integers(1, 20), st.floats(0.05, 1e3))
def test_refined_rows_are_distributions_and_anchors_keep_their_labels(made, iterations, temperature):
    embeddings, labels, logits, anchors = made
    start = torch.softmax(logits / temperature, dim=1)
    start[anchors] = F.one_hot(labels[anchors], logits.shape[1]).double()
    refined = refine(start, correlations(embeddings), iterations)
    assert refined.min() >= 0
    torch.testing.assert_close(refined.sum(dim=1), torch.ones(len(labels)).double())
    assert torch.equal(refined[anchors], start[anchors])


@settings(max_examples=40)
@given(batches, st.integers(0, 2**31), st.floats(-100, 100), st.floats(1e-3, 1e3))
def test_order_names_of_classes_and_scale_and_level_of_embeddings_change_nothing(made, seed, level, scale):
    embeddings, labels, logits, anchors = made
    loss = GroupLoss(2, temperature=3.0)
    expected = loss(embeddings, labels, logits, anchors=anchors)
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(labels), generator=generator)
    names = torch.randperm(logits.shape[1], generator=generator)
    moved = embeddings * scale + level
    renamed = torch.empty_like(logits).index_copy(1, names, logits)
    found = loss(moved[order], names[labels][order], renamed[order], anchors=anchors[order])
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-9)


@settings(max_examples=60)
@given(
    batches,
    st.integers(0, 5),
    st.sampled_from([torch.float64, torch.float32, torch.bfloat16, torch.float16]),
    st.sampled_from([1e-30, 1e-3, 1.0, 1e3, 1e30]),
)
@example((torch.zeros(4, 3), torch.arange(4), torch.zeros(4, 4), None), 1, torch.float32, 1.0)
@example((torch.ones(4, 3) / 3, torch.zeros(4).long(), torch.full((4, 2), 1e4), None), 0, torch.float32, 1.0)
def test_loss_and_gradients_are_finite(made, per_class, dtype, scale):
    embeddings, labels, logits, _ = made
    if dtype == torch.float16:
        scale = min(max(scale, 1e-3), 1e3)
    leaves = (embeddings * scale).to(dtype).requires_grad_(), (logits * 10).to(dtype).requires_grad_()
    loss = GroupLoss(3, per_class, temperature=0.5)(leaves[0], labels, leaves[1])
    loss.backward()
    assert torch.isfinite(loss)
    assert loss.dtype == torch.promote_types(dtype, torch.float32)
    assert all(torch.isfinite(leaf.grad).all() for leaf in leaves)


@given(st.lists(st.integers(0, 6), min_size=1, max_size=40), st.integers(0, 5), st.integers(0, 2**31))
def test_each_class_has_its_anchors_or_as_many_as_it_has_documents(labels, per_class, seed):
    labels = torch.tensor(labels)
    torch.manual_seed(seed)
    anchors = draw_anchors(labels, per_class)
    torch.manual_seed(seed)
    assert torch.equal(draw_anchors(labels, per_class), anchors)
    drawn = torch.bincount(labels[anchors], minlength=7)
    assert torch.equal(drawn, torch.bincount(labels, minlength=7).clamp(max=per_class))


def test_every_document_of_a_class_is_an_anchor_equally_often():
    torch.manual_seed(0)
    labels = torch.tensor([0, 1, 0, 0, 1, 0])
    share = torch.stack([draw_anchors(labels, 1) for _ in range(4000)]).double().mean(dim=0)
    torch.testing.assert_close(share, torch.tensor([0.25, 0.5, 0.25, 0.25, 0.5, 0.25]).double(), rtol=0, atol=0.04)


def test_a_class_of_anchors_only_has_no_term_and_draws_others():
    embeddings, _, logits, _ = batch(1, n=6)
    labels = torch.tensor([0, 0, 0, 0, 0, 2])
    others = torch.tensor([True, False, False, False, False, False])
    with_anchor = torch.tensor([True, False, False, False, False, True])
    embeddings[5] = embeddings[1]  # a document of class 0 that looks like the only one of class 2
    logits.requires_grad_()
    loss = GroupLoss(temperature=1.0)
    drawn, free = (loss(embeddings, labels, logits, anchors=mask) for mask in (with_anchor, others))
    assert torch.autograd.grad(drawn, logits, retain_graph=True)[0][5].eq(0).all()
    assert torch.autograd.grad(free, logits)[0][5].abs().max() > 0
    refined = refine(torch.full((2, 2), 0.5).double(), torch.ones(2, 2).double(), 1)
    pulled = refine(torch.tensor([[0.5, 0.5], [0.0, 1.0]]).double(), torch.ones(2, 2).double(), 1)
    assert pulled[0, 1] > refined[0, 1]


def test_a_constant_embedding_is_like_no_other():
    embeddings = torch.randn(4, 5, dtype=torch.float64)
    embeddings[2] = 0.1
    expected = correlations(embeddings[[0, 1, 3]])
    found = correlations(embeddings)
    assert torch.equal(found[2], torch.tensor([0, 0, 1, 0]).double())
    torch.testing.assert_close(found[[0, 1, 3]][:, [0, 1, 3]], expected)


def test_autocast_does_not_reach_the_refinement():
    embeddings, labels, logits, anchors = batch(3)
    given = embeddings.float(), labels, logits.float()
    plain = GroupLoss()(*given, anchors=anchors)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(GroupLoss()(*given, anchors=anchors), plain)


def test_a_search_may_give_a_whole_number_with_a_point():
    assert GroupLoss(anchors_per_class=4.0).anchors_per_class == 4
