"""The triplet loss against a loop and the library; batches without pairs; memory."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from glossbench.losses import CosineSimilarityLoss, SupConLoss, TripletLoss
from pytorch_metric_learning import distances, reducers
from pytorch_metric_learning.losses import TripletMarginLoss

from tests.support.batches import batch


def triplets(embeddings, labels, margin, squared):
    """All positive terms of the triplet loss, by a triple loop."""
    x = embeddings.detach().numpy()
    d = np.linalg.norm(x[:, None] - x[None], axis=2) ** (2 if squared else 1)
    n = range(len(x))
    same = labels[:, None] == labels
    terms = [d[a, p] - d[a, k] + margin for a in n for p in n for k in n if a != p and same[a, p] and not same[a, k]]
    return [term for term in terms if term > 0]


@pytest.mark.parametrize("squared", [False, True])
@pytest.mark.parametrize("margin", [0.2, 5.0])
def test_triplet_is_the_triple_loop(margin, squared):
    embeddings, labels, _ = batch(0, 14)
    terms = triplets(embeddings, labels, margin, squared)
    found = TripletLoss(margin, squared)(embeddings, labels)
    assert found.item() == pytest.approx(sum(terms) / len(terms))
    assert torch.autograd.gradcheck(lambda x: TripletLoss(margin, squared)(x, labels), embeddings.requires_grad_())


def test_the_mean_over_all_triplets_is_that_of_the_library():
    embeddings, labels, _ = batch(4, 24, dimension=16, classes=3)
    plain = distances.LpDistance(normalize_embeddings=False)
    library = TripletMarginLoss(margin=0.5, distance=plain, reducer=reducers.MeanReducer())
    found = TripletLoss(0.5, average="all")(embeddings, labels)
    torch.testing.assert_close(found, library(embeddings, labels))
    assert found < TripletLoss(0.5)(embeddings, labels)


@pytest.mark.slow
def test_batch_all_triplets_of_512_documents_fit_in_two_gib():
    """33 million triplets of two classes, in a separate process so that its peak memory can be read."""
    code = (
        "import torch, resource; from glossbench.losses.triplet import TripletLoss\n"
        "x = torch.randn(512, 768, requires_grad=True)\n"
        "TripletLoss()(x, torch.arange(512) % 2).backward()\n"
        "assert torch.isfinite(x.grad).all()\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    environment = {"PYTHONPATH": ":".join(sys.path)}
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    unit = 1 if sys.platform == "darwin" else 1024
    assert int(printed.stdout) * unit < 2 * 2**30


@pytest.mark.parametrize("loss", [SupConLoss(0.3), TripletLoss(), CosineSimilarityLoss()], ids=["scl", "tri", "cos"])
@pytest.mark.parametrize("labels", [[0, 1, 2, 3], [0, 0, 0, 0], [0]], ids=["all apart", "one class", "one document"])
def test_batches_without_pairs_or_triplets_backpropagate(loss, labels):
    embeddings = torch.randn(len(labels), 6, dtype=torch.float16).requires_grad_()
    value = loss(embeddings, torch.tensor(labels))
    value.backward()
    assert torch.isfinite(value)
    assert torch.isfinite(embeddings.grad).all()


def test_a_document_alone_in_its_class_stands_the_scale_of_a_gradient_scaler():
    embeddings = torch.randn(128, 6).requires_grad_()
    (2**16 * SupConLoss()(embeddings, torch.arange(128).clamp(max=2))).backward()
    assert torch.isfinite(embeddings.grad).all()
