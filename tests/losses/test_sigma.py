"""The width by neighbours: its definition, the estimate before training, the width of each batch."""

import math

import numpy as np
import pytest
import torch
from glossbench.losses import GLoss
from glossbench.sigma import effective_neighbors, estimate_sigma

from tests.support.batches import batch


def plain_neighbors(embeddings, sigma):
    """exp(entropy) of the rows of the affinity, averaged, by a loop in numpy."""
    x = np.array([row / np.linalg.norm(row) for row in embeddings.numpy()])
    counts = []
    for i in range(len(x)):
        weights = np.array([math.exp(-((x[i] - x[j]) ** 2).sum() / (2 * sigma**2)) for j in range(len(x)) if j != i])
        shares = weights / weights.sum()
        counts.append(math.exp(-sum(share * math.log(share) for share in shares if share > 0)))
    return np.mean(counts)


@pytest.mark.parametrize("sigma", [0.1, 0.3, 1.0])
def test_effective_neighbors_are_what_a_plain_loop_gives(sigma):
    embeddings, *_ = batch(0, 24)
    assert effective_neighbors(embeddings, sigma).item() == pytest.approx(plain_neighbors(embeddings, sigma), rel=1e-5)


def test_a_graph_of_one_point_or_of_infinite_width_has_all_neighbors():
    embeddings, *_ = batch(0, 24)
    assert effective_neighbors(embeddings, 1e3).item() == pytest.approx(23, rel=1e-5)
    assert effective_neighbors(torch.ones(24, 3), 0.01).item() == pytest.approx(23, rel=1e-5)


@pytest.mark.parametrize("neighbors", [2, 10, 40])
def test_the_estimate_gives_the_neighbors_within_batches_of_the_size(neighbors):
    embeddings, *_ = batch(1, 640, dimension=32)
    sigma = estimate_sigma(embeddings, "neighbors", neighbors=neighbors, batch_size=64)
    order = torch.randperm(640, generator=torch.Generator().manual_seed(9))
    found = [effective_neighbors(embeddings[part], sigma).item() for part in order.split(64)]
    assert np.mean(found) == pytest.approx(neighbors, rel=0.05)


def test_many_documents_are_represented_by_a_sample(monkeypatch):
    embeddings, labels, _ = batch(2, 400)
    assert estimate_sigma(embeddings, max_documents=None) == estimate_sigma(embeddings, max_documents=400)
    for method in ("sqrt", "inflection", "neighbors", "nearest-other-class"):
        arguments = {"neighbors": 10, "batch_size": 32, "labels": labels}
        whole = estimate_sigma(embeddings, method, **arguments)
        part = estimate_sigma(embeddings, method, **arguments, max_documents=100)
        assert part == estimate_sigma(embeddings, method, **arguments, max_documents=100)
        assert part != whole
        assert part == pytest.approx(whole, rel=0.1 if method != "nearest-other-class" else 3)


@pytest.mark.parametrize("spread", [0.01, 0.3, 5.0])
def test_the_graph_of_each_batch_keeps_its_neighbors_as_embeddings_move_apart(spread):
    embeddings, labels, _ = batch(3, 64, dimension=16, classes=4)
    moved = torch.eye(4, 16).double()[labels] + spread * embeddings
    loss = GLoss(neighbors=20)
    value = loss(moved, labels)
    shown = loss.report(graph=True)
    assert shown["effective_neighbors"].item() == pytest.approx(20, rel=1e-3)
    expected = GLoss(sigma=shown["sigma"].item())
    keep = torch.zeros(64, dtype=torch.bool)
    keep[loss.last_split[1]] = True
    assert value.item() == pytest.approx(expected(moved, labels, labeled=keep).item(), rel=1e-9)


def test_a_width_relative_to_the_median_distance_of_each_batch():
    loss = GLoss(sigma_over_median=0.3)
    for spread in (0.01, 1.0):
        embeddings, labels, labeled = batch(3, 31)
        moved = torch.ones(8) + spread * embeddings
        value = loss(moved, labels, labeled=labeled)
        median = torch.pdist(torch.nn.functional.normalize(moved)).median()
        assert value.item() == pytest.approx(GLoss(sigma=0.3 * median.item())(moved, labels, labeled=labeled).item())
    assert torch.isfinite(loss(torch.ones(9, 4), labels[:9]))


@pytest.mark.parametrize("arguments", [{"neighbors": 8}, {"sigma_over_median": 0.3}])
def test_no_gradient_goes_through_the_width(arguments):
    embeddings, labels, labeled = batch(4, 32)
    found = GLoss(**arguments)
    found(embeddings, labels, labeled=labeled)
    fixed = GLoss(sigma=found.report(graph=True)["sigma"].item())
    leaf = embeddings.requires_grad_()
    gradients = [torch.autograd.grad(loss(leaf, labels, labeled=labeled), leaf)[0] for loss in (found, fixed)]
    torch.testing.assert_close(*gradients, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("n", [2, 5, 30])
def test_small_batches_duplicates_and_classes_of_one_point_are_finite(n):
    for embeddings in (torch.ones(n, 4), torch.eye(4)[torch.arange(n) % 4], torch.randn(n, 4).half()):
        leaf = embeddings.clone().requires_grad_()
        value = GLoss(neighbors=10)(leaf, torch.arange(n) % 2)
        value.backward()
        assert torch.isfinite(value)
        assert torch.isfinite(leaf.grad).all()


@pytest.mark.parametrize("width", [{"neighbors": 40}, {"sigma_over_median": 0.3}], ids=str)
def test_where_copies_alone_are_more_neighbors_the_graph_is_flat(width):
    """Any width at which they were fewer would be a rounding error of distances, and the loss millions."""
    embeddings, labels, labeled = batch(7, 128)
    for copies in (72, 100):
        leaf = torch.cat([embeddings[:1].expand(copies, -1), embeddings[copies:]]).requires_grad_()
        value = GLoss(**width)(leaf, labels, labeled=labeled)
        value.backward()
        assert value < 3
        assert leaf.grad.norm() < 0.1


def test_from_the_median_distance_up_sigma_is_a_weight():
    """The flat limit: one direction of the gradient, and its norm is that times 1 / sigma^2."""
    embeddings, labels, labeled = batch(5, 64, dimension=32)
    gradients = {}
    for sigma in (0.1, 3.0, 10.0):
        leaf = embeddings.clone().requires_grad_()
        gradients[sigma] = torch.autograd.grad(GLoss(sigma=sigma)(leaf, labels, labeled=labeled), leaf)[0].flatten()

    def cosine(a, b):
        return torch.cosine_similarity(gradients[a], gradients[b], dim=0).item()

    assert cosine(3.0, 10.0) > 0.99
    assert (gradients[3.0].norm() / gradients[10.0].norm()).item() == pytest.approx((10 / 3) ** 2, rel=0.05)
    assert cosine(0.1, 10.0) < 0.9
