"""Documents of earlier batches that remain nodes of the graph."""

import pytest
import torch
from glossbench.losses import GLoss

from tests.support.batches import batch, plain_loss

SIZE = 20


def steps():
    """Five batches of 12 documents."""
    embeddings, labels, _ = batch(0, 60)
    return list(zip(embeddings.split(12), labels.split(12), strict=True))


def mask(loss, nodes):
    return torch.zeros(nodes, dtype=torch.bool).index_fill(0, loss.last_split[1], True)


def test_the_loss_is_what_a_plain_loop_over_batch_and_past_documents_gives():
    loss = GLoss(sigma=0.6, memory=SIZE)
    past = []
    for embeddings, labels in steps():
        leaf = embeddings.clone().requires_grad_()
        found = loss(leaf, labels)
        nodes = torch.stack([*embeddings, *(row for row, _ in past)])
        classes = torch.stack([*labels, *(label for _, label in past)])
        labeled = mask(loss, len(nodes))
        assert labeled[12:].all()
        assert found.item() == pytest.approx(plain_loss(nodes, classes, labeled, 0.6), rel=1e-10)
        every = nodes.requires_grad_()
        (expected,) = torch.autograd.grad(GLoss(sigma=0.6)(every, classes, labeled=labeled), every)
        torch.testing.assert_close(torch.autograd.grad(found, leaf)[0], expected[:12])
        past = [*past, *zip(embeddings, labels, strict=True)][-SIZE:]
    assert torch.equal(loss.past.embeddings, torch.stack([row for row, _ in past]))


def test_evaluation_uses_the_memory_and_leaves_it_as_it_is():
    loss = GLoss(sigma=0.6, memory=SIZE)
    (embeddings, labels), (further, others), *_ = steps()
    loss(embeddings, labels)
    loss.eval()
    found = loss(further, others)
    assert loss(further, others) == found
    assert torch.equal(loss.past.embeddings, embeddings)
    assert found != GLoss(sigma=0.6).eval()(further, others)
    assert loss(further[:1], others[:1]) > 0  # a single document, all of whose neighbours are remembered


def test_a_memory_that_is_made_smaller_forgets_at_once_and_calls_without_gradients_add_nothing():
    loss = GLoss(sigma=0.6)
    (embeddings, labels), *others = steps()
    loss.memory = SIZE
    for step in steps():
        loss(*step)
    kept = loss.state_dict()
    with torch.no_grad():
        loss(embeddings, labels)
    assert torch.equal(loss.past.embeddings, kept["past.embeddings"])
    loss.memory = 5
    assert torch.equal(loss.past.embeddings, others[-1][0][-5:])
    loss.memory = 0
    loss.load_state_dict(kept)
    assert loss.eval()(embeddings, labels) == GLoss(sigma=0.6).eval()(embeddings, labels)


def test_a_batch_that_is_not_finite_spoils_no_later_one():
    loss = GLoss(sigma=0.6, memory=SIZE, check=False)
    (embeddings, labels), further, *_ = steps()
    assert loss(embeddings.clone().index_fill_(0, torch.tensor(3), torch.nan), labels).isnan()
    assert loss(*further).isfinite()


def test_documents_without_a_class_are_not_remembered():
    loss = GLoss(memory=SIZE, ignore_index=-100)
    for embeddings, labels in steps()[:2]:
        loss(embeddings, labels.index_fill(0, torch.tensor([1, 5]), -100))
    kept = [i for i in range(12) if i not in (1, 5)]
    assert torch.equal(loss.past.embeddings, torch.cat([embeddings[kept] for embeddings, _ in steps()[:2]]))
