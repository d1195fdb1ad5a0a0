"""One graph over the batches of two real processes: value, split and gradient are those of the one large batch."""

import sys

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from glossbench.losses import GLoss
from glossbench.metric_learning import GraphLoss
from glossbench.sentence_transformers import GraphLoss as SentenceLoss
from pytorch_metric_learning.utils.distributed import DistributedLossWrapper
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from tests.support.batches import Embedder, batch
from tests.support.repository import ROOT

sys.path.insert(0, str(ROOT / "examples"))

import gradient_cache

SIZES = (17, 13)
CASES = {
    "sigma": {"sigma": 0.4},
    "stratified": {"neighbors": 8, "stratified": True},
    "unlabeled": {"ignore_index": -100},
    "one value per document": {"reduction": "none"},
    "memory": {"memory": 40},
}


class InParts(nn.Module):
    """A model, which may compute its activations again in the backward pass, four documents at a time."""

    def __init__(self, parts):
        super().__init__()
        self.model = nn.Sequential(nn.Linear(8, 6), nn.Tanh(), nn.Linear(6, 5)).double()
        self.parts = parts

    def forward(self, x):
        return gradient_cache.embed(self.model, x.split(4)) if self.parts else self.model(x)


def gradients(case, x, labels, seed, parts=False, wrap=lambda model: model, **arguments):
    """Values of two training steps and one of evaluation, the split, and the gradient of their sum."""
    torch.manual_seed(0)
    model = wrap(InParts(parts))
    loss = GLoss(**CASES[case], **arguments)
    torch.manual_seed(seed)
    values = []
    for _ in range(2):
        value = loss(model(x), labels).sum()
        value.backward()
        values.append(value.item())
    split = loss.last_split
    values.append(loss.eval()(model(x), labels).sum().item())
    return values, split, [parameter.grad for parameter in model.parameters()]


def wrapped(x, labels):
    """Value and gradient with the wrapper of pytorch-metric-learning."""
    torch.manual_seed(0)
    model = DistributedDataParallel(InParts(False))
    torch.manual_seed(0)
    value = DistributedLossWrapper(GraphLoss(sigma=0.4))(model(x), labels)
    value.backward()
    return value.item(), [parameter.grad for parameter in model.parameters()]


def of_sentences(x, labels, seed, wrap=lambda model: model, **arguments):
    """Gradient with the loss of sentence-transformers."""
    model = wrap(Embedder())
    loss = SentenceLoss(model, neighbors=8, **arguments)
    torch.manual_seed(seed)
    loss([{"input_ids": x}], labels).backward()
    return [parameter.grad for parameter in model.parameters()]


def whole():
    embeddings, labels, _ = batch(0, sum(SIZES))
    return embeddings, torch.where(torch.arange(len(labels)) % 5 == 0, -100, labels)


def work(rank, folder):
    """What a process finds for its share of the batch, with a seed of its own."""
    dist.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=2)
    own = slice(rank * SIZES[0], rank * SIZES[0] + SIZES[rank])
    x, labels = (values[own] for values in whole())
    found = {}
    for case in CASES:
        given = labels if case == "unlabeled" else labels.clamp(min=0)
        for parts in (False, True):
            found[case, parts] = gradients(case, x, given, rank, parts, DistributedDataParallel, gather=True)
    for size in (None, 4):
        arguments = {"gather_across_devices": True, "mini_batch_size": size}
        found["sentences", size] = of_sentences(x, labels.clamp(min=0), rank, DistributedDataParallel, **arguments)
    found["wrapper"] = wrapped(x[: SIZES[1]], labels[: SIZES[1]].clamp(min=0))  # it needs batches of one size
    torch.save(found, f"{folder}/{rank}.pt")
    dist.destroy_process_group()


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    folder = tmp_path_factory.mktemp("processes")
    mp.spawn(work, (folder,), nprocs=2)
    return [torch.load(folder / f"{rank}.pt") for rank in range(2)]


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("parts", [False, True], ids=["", "gradient cache"])
def test_the_gradient_of_two_processes_is_that_of_one_large_batch(found, case, parts):
    x, labels = whole()
    values, split, expected = gradients(case, x, labels if case == "unlabeled" else labels.clamp(min=0), seed=0)
    for rank in range(2):
        values_there, split_there, there = found[rank][case, parts]
        assert values_there == pytest.approx(values, rel=1e-12)
        assert all(torch.equal(*pair) for pair in zip(split_there, split, strict=True))
        for one, other in zip(there, expected, strict=True):
            torch.testing.assert_close(one, other, rtol=0, atol=1e-12)


@pytest.mark.slow
def test_the_wrapper_of_pytorch_metric_learning_gives_each_process_another_loss(found):
    x, labels = (torch.cat([values[: SIZES[1]], values[SIZES[0] :]]) for values in whole())
    (one, gradient), (other, _) = (process["wrapper"] for process in found)
    assert abs(one - other) > 1e-3
    torch.manual_seed(0)
    model = InParts(False)
    for seed in range(5):
        model.zero_grad()
        torch.manual_seed(seed)
        GLoss(sigma=0.4)(model(x), labels.clamp(min=0)).backward()
        assert (gradient[0] - model.model[0].weight.grad).abs().max() > 1e-4


@pytest.mark.slow
@pytest.mark.parametrize("size", [None, 4])
def test_so_is_that_of_the_loss_of_sentence_transformers(found, size):
    x, labels = whole()
    expected = of_sentences(x, labels.clamp(min=0), seed=0)
    for process in found:
        for one, other in zip(process["sentences", size], expected, strict=True):
            torch.testing.assert_close(one, other, rtol=0, atol=1e-12)
