"""Propagation over the graph of a batch against other libraries and 2000 digits; its invariants."""

import math

import mpmath
import numpy as np
import pytest
import torch
from glossbench.graph import (
    SOLVE_TOLERANCE,
    log_affinity,
    log_propagated_by_elimination,
    propagate_labels,
    propagated_by_solve,
)
from glossbench.sigma import estimate_sigma
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.semi_supervised import LabelPropagation

from tests.support.batches import batch, system

TRANSITIONS = ["stochastic", "column"]


batches = st.builds(
    batch,
    seed=st.integers(0, 2**31),
    n=st.integers(2, 24),
    classes=st.integers(1, 5),
    share=st.floats(0.05, 0.95),
    duplicates=st.integers(0, 1),
)
sigmas = st.floats(0.01, 10)


@settings(max_examples=60)
@given(batches, sigmas)
def test_rows_of_the_stochastic_answer_are_distributions(made, sigma):
    found = propagate_labels(*made, num_classes=5, sigma=sigma)
    assert found.min() >= 0
    torch.testing.assert_close(found.sum(dim=1), torch.ones(len(found), dtype=found.dtype), rtol=0, atol=1e-9)


@settings(max_examples=30)
@given(batches, sigmas, st.sampled_from(TRANSITIONS), st.integers(0, 2**31))
def test_permuting_the_batch_permutes_the_answer(made, sigma, transition, seed):
    embeddings, labels, labeled = made
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed))
    position = torch.full((len(labels),), -1)
    position[~labeled] = torch.arange(int((~labeled).sum()))
    expected = propagate_labels(*made, 5, sigma, transition)[position[order][~labeled[order]]]
    found = propagate_labels(embeddings[order], labels[order], labeled[order], 5, sigma, transition)
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-9)


@settings(max_examples=30)
@given(batches, sigmas, st.permutations(range(5)))
def test_relabelling_the_classes_relabels_the_answer(made, sigma, names):
    embeddings, labels, labeled = made
    names = torch.tensor(names)
    expected = propagate_labels(*made, 5, sigma)
    found = propagate_labels(embeddings, names[labels], labeled, 5, sigma)
    torch.testing.assert_close(found[:, names], expected, rtol=1e-6, atol=1e-9)


@settings(max_examples=30)
@given(batches, sigmas, st.floats(1e-3, 1e3))
def test_scaling_the_embeddings_changes_nothing(made, sigma, scale):
    embeddings, labels, labeled = made
    expected = propagate_labels(*made, 5, sigma)
    found = propagate_labels(embeddings * scale, labels, labeled, 5, sigma)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-7)


def test_a_wide_affinity_gives_the_class_frequencies_of_the_labeled_documents():
    embeddings, labels, labeled = batch(0, 30)
    frequencies = torch.bincount(labels[labeled], minlength=3) / labeled.sum()
    found = propagate_labels(embeddings, labels, labeled, 3, sigma=1e4)
    torch.testing.assert_close(found, frequencies.double().expand_as(found), rtol=0, atol=1e-6)


@pytest.mark.parametrize("sigma", [0.3, 0.6, 2.0])
def test_scikit_learn_propagates_the_same_over_the_same_affinity(sigma):
    embeddings, labels, labeled = batch(1, 40)
    w = log_affinity(embeddings, sigma).exp().numpy()
    a = w / np.sqrt(np.outer(w.sum(axis=0), w.sum(axis=0)))
    # Normalising columns, then rows, equals normalising the rows of this symmetric matrix, as scikit-learn does.
    symmetric = a / np.outer(a.sum(axis=0), a.sum(axis=0))
    given_labels = np.where(labeled, labels, -1)
    model = LabelPropagation(kernel=lambda x, y: symmetric, max_iter=100_000, tol=1e-14)
    expected = model.fit(embeddings.numpy(), given_labels).label_distributions_[~labeled.numpy()]
    found = propagate_labels(embeddings, labels, labeled, 3, sigma)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-8)


@settings(max_examples=60)
@given(batches, st.floats(0.05, 10), st.sampled_from(TRANSITIONS))
def test_elimination_agrees_with_the_solve_where_the_solve_is_accurate(made, sigma, transition):
    given_system = system(*made, 5, sigma, transition)
    solved, error = propagated_by_solve(*given_system)
    if error <= SOLVE_TOLERANCE:
        eliminated = log_propagated_by_elimination(*given_system).exp()
        torch.testing.assert_close(eliminated, solved, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("transition", TRANSITIONS)
@pytest.mark.parametrize("seed", range(4))
def test_elimination_agrees_with_2000_digits(transition, seed):
    """Five documents, three hidden, sigma 0.02. With 1300 digits one of the systems is singular."""
    embeddings = batch(seed, 5, dimension=3)[0]
    if seed % 2:
        embeddings[1] = embeddings[0] + 1e-4 * embeddings[2]  # nearly each other's only neighbour
    labels, labeled = torch.tensor([0, 1, 1, 0, 1]), torch.tensor([False, False, False, True, True])
    expected = exact_answer(embeddings, labels, transition)
    found = log_propagated_by_elimination(*system(embeddings, labels, labeled, 2, 0.02, transition))
    assert found.tolist() == [pytest.approx(row, rel=1e-7, abs=1e-7) for row in expected]


def exact_answer(embeddings, labels, transition):
    """Logarithms of the rows of (I - T_uu)^{-1} T_ul Y, with 2000 digits; the first three nodes are hidden."""
    with mpmath.workdps(2000):
        points = [[mpmath.mpf(x) for x in row] for row in embeddings.tolist()]
        points = [[x / mpmath.sqrt(sum(y * y for y in row)) for x in row] for row in points]
        scale = 2 * mpmath.mpf(0.02) ** 2
        squares = [[sum((x - y) ** 2 for x, y in zip(p, q, strict=True)) for q in points] for p in points]
        w = [[mpmath.exp(-square / scale) for square in row] for row in squares]
        for i in range(5):
            w[i][i] = mpmath.mpf(0)
        degree = [sum(row) for row in w]
        a = [[w[i][j] / mpmath.sqrt(degree[i] * degree[j]) for j in range(5)] for i in range(5)]
        column = [sum(a[i][j] for i in range(5)) for j in range(5)]
        t = [[a[i][j] / column[j] for j in range(5)] for i in range(5)]
        if transition == "stochastic":
            t = [[x / sum(row) for x in row] for row in t]
        left = mpmath.eye(3) - mpmath.matrix([row[:3] for row in t[:3]])
        right = [[sum(t[i][j] for j in (3, 4) if labels[j] == c) for i in range(3)] for c in range(2)]
        solved = [mpmath.lu_solve(left, mpmath.matrix(arriving)) for arriving in right]
        return [[float(mpmath.log(answer[i])) for answer in solved] for i in range(3)]


def test_two_equal_hidden_documents_at_a_small_sigma_break_the_solve_and_still_get_distributions():
    embeddings, labels, labeled = batch(3, 64, dimension=24, classes=5)
    embeddings[1], labeled[0], labeled[1] = embeddings[0], False, False
    _, error = propagated_by_solve(*system(embeddings, labels, labeled, 5, 0.03, "stochastic"))
    assert not error <= SOLVE_TOLERANCE, "this batch must break the solve"
    found = propagate_labels(embeddings, labels, labeled, 5, 0.03)
    torch.testing.assert_close(found.sum(dim=1), torch.ones(len(found), dtype=found.dtype), rtol=0, atol=1e-9)
    torch.testing.assert_close(found[0], found[1])


def test_elimination_in_blocks_has_the_values_and_gradients_of_elimination_in_one_block():
    embeddings, labels, labeled = batch(4, 60, share=0.3)
    results = []
    for block in (1000, 7):
        leaf = embeddings.clone().requires_grad_()
        found = log_propagated_by_elimination(*system(leaf, labels, labeled, 3, 0.1, "column"), block=block)
        results.append((found, torch.autograd.grad(found.sum(), leaf)[0]))
    torch.testing.assert_close(*results)


@pytest.mark.parametrize("n", [2, 3, 4, 7, 50])
@pytest.mark.parametrize("median", ["pairs", "full-matrix"])
def test_sigma_rules_by_a_plain_double_loop(n, median):
    embeddings, labels, _ = batch(5, n, classes=2)
    labels[0], labels[1] = 0, 1
    points = [row / np.linalg.norm(row) for row in embeddings.numpy()]
    pairs = [
        np.linalg.norm(points[i] - points[j])
        for i in range(n)
        for j in range(n)
        if (i < j if median == "pairs" else True)
    ]
    m = float(np.median(pairs))
    apart = min(np.linalg.norm(points[i] - points[j]) for i in range(n) for j in range(n) if labels[i] != labels[j])
    assert estimate_sigma(embeddings, "sqrt", median=median) == pytest.approx(math.sqrt(m / 3), rel=1e-6)
    assert estimate_sigma(embeddings, "inflection", median=median) == pytest.approx(m / math.sqrt(3), rel=1e-6)
    assert estimate_sigma(embeddings, "nearest-other-class", labels) == pytest.approx(apart / 3, rel=1e-6)


def test_the_distance_between_equal_documents_of_different_classes_is_no_sigma():
    embeddings, labels, _ = batch(5, 50)
    expected = estimate_sigma(embeddings, "nearest-other-class", labels)
    doubled = torch.cat([embeddings, embeddings * 3]).float(), torch.cat([labels, labels + 1])
    assert estimate_sigma(doubled[0], "nearest-other-class", doubled[1]) <= expected * (1 + 1e-6)
    assert estimate_sigma(doubled[0], "nearest-other-class", doubled[1]) > 1e-3


def test_propagation_takes_labels_of_any_whole_numbers():
    embeddings, labels, labeled = batch(0, 6)
    found = [propagate_labels(embeddings, one, labeled, 3, 0.5) for one in (labels, labels.to(torch.uint8))]
    assert torch.equal(*found)


EQUAL = "embeddings: their median distance is 0, since at least half of the pairs are equal; sigma must be above 0"


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("method", ["sqrt", "inflection"])
def test_equal_documents_have_no_sigma(method, dtype):
    one = torch.randn(1, 384, generator=torch.Generator().manual_seed(0), dtype=dtype)
    lengths = torch.arange(1, 9, dtype=dtype)[:, None]  # of the same direction
    with pytest.raises(ValueError, match=f"^{EQUAL}$"):
        estimate_sigma(one * lengths, method)
