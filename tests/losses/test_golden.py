"""The losses against values and gradients of an independent implementation."""

import numpy as np
import pytest
import torch
from glossbench.graph import propagate_labels
from glossbench.losses import CosineSimilarityLoss, GLoss, GroupLoss, SupConLoss, TripletLoss
from glossbench.losses.group import correlations, refine
from glossbench.sigma import estimate_sigma

CASES = range(4)
PRECISIONS = {torch.float64: (1e-6, 1e-5), torch.float32: (1e-5, 1e-4)}


@pytest.fixture(params=PRECISIONS, ids=lambda dtype: str(dtype).removeprefix("torch."))
def dtype(request):
    return request.param


def case(golden, number, dtype):
    """Embeddings that require gradients, labels, mask, and a function that looks up a value."""

    def value(name):
        return golden[f"case{number}/{name}"]

    embeddings = torch.tensor(value("embeddings"), dtype=dtype, requires_grad=True)
    return embeddings, torch.tensor(value("labels")), torch.tensor(value("labeled")), value


def check(loss, embeddings, expected, expected_gradient, dtype):
    """Compare a value, and a gradient relative to its largest entry, with the tolerances of PRECISIONS."""
    of_value, of_gradient = PRECISIONS[dtype]
    (gradient,) = torch.autograd.grad(loss, embeddings)
    assert abs(loss.item() - expected) <= of_value * max(1, abs(expected))
    np.testing.assert_allclose(gradient, expected_gradient, rtol=0, atol=of_gradient * np.abs(expected_gradient).max())


@pytest.mark.parametrize("number", CASES)
@pytest.mark.parametrize("criterion", ["nll", "softmax"])
def test_gloss(golden, number, criterion, dtype):
    embeddings, labels, labeled, value = case(golden, number, dtype)
    loss = GLoss(sigma=float(value("sigma")), criterion=criterion)
    found = loss(embeddings, labels, labeled=labeled, num_classes=int(value("num_classes")))
    check(found, embeddings, value(f"loss_{criterion}"), value(f"grad_{criterion}"), dtype)
    assert loss.left_out.item() == pytest.approx(value("n_skipped") / (~labeled).sum().item())


@pytest.mark.parametrize("number", CASES)
@pytest.mark.parametrize(("transition", "name"), [("stochastic", "propagated"), ("column", "propagated_column")])
def test_propagated_labels(golden, number, transition, name, dtype):
    embeddings, labels, labeled, value = case(golden, number, dtype)
    classes, sigma = int(value("num_classes")), float(value("sigma"))
    found = propagate_labels(embeddings, labels, labeled, classes, sigma, transition)
    np.testing.assert_allclose(found.detach(), value(name), rtol=0, atol=PRECISIONS[dtype][0])


BASELINES = {
    "supcon_0.07": SupConLoss(0.07),
    "supcon_0.3": SupConLoss(0.3),
    "triplet_margin5": TripletLoss(margin=5.0),
    "cosine": CosineSimilarityLoss(),
}


@pytest.mark.parametrize("number", CASES)
@pytest.mark.parametrize("name", BASELINES)
def test_baselines(golden, number, name, dtype):
    embeddings, labels, _, value = case(golden, number, dtype)
    check(BASELINES[name](embeddings, labels), embeddings, value(name), value(f"grad_{name}"), dtype)


@pytest.mark.parametrize("number", CASES)
@pytest.mark.parametrize("method", ["sqrt", "inflection"])
def test_sigma(golden, number, method):
    embeddings, *_, value = case(golden, number, torch.float64)
    assert estimate_sigma(embeddings, method) == pytest.approx(float(value(f"sigma_{method}")), abs=1e-6)


@pytest.mark.parametrize("number", range(3))
def test_group(golden_group, number, dtype):
    value = {name.partition("/")[2]: array for name, array in golden_group.items() if name.startswith(f"case{number}/")}
    embeddings, logits = (torch.tensor(value[name], dtype=dtype) for name in ("embeddings", "logits"))
    labels, anchors = torch.tensor(value["labels"]), torch.tensor(value["anchors"])
    iterations, temperature = int(value["iterations"]), float(value["temperature"])
    found = GroupLoss(iterations, temperature=temperature)(embeddings, labels, logits, anchors=anchors)
    tolerance = PRECISIONS[dtype][0]
    assert found.item() == pytest.approx(float(value["loss"]), abs=tolerance)
    start = torch.softmax(logits.double() / temperature, dim=1)
    start[anchors] = torch.eye(logits.shape[1], dtype=torch.float64)[labels[anchors]]
    refined = refine(start, correlations(embeddings), iterations)
    np.testing.assert_allclose(refined, value["refined"], rtol=0, atol=tolerance)
