"""G-Loss in other people's loops: evaluation, generators, documents without labels, reports, saved state."""

import copy
import math

import numpy as np
import pytest
import torch
from glossbench import transfer
from glossbench.graph import log_propagated_by_elimination, propagate_labels
from glossbench.losses import CosineSimilarityLoss, GLoss, GroupLoss, SupConLoss, TripletLoss, gradient_shares
from glossbench.losses.group import draw_anchors
from glossbench.losses.labeling import complementary_splits
from glossbench.sigma import effective_neighbors, estimate_sigma
from safetensors.torch import load_file, save_file, save_model
from torch import nn

from tests.support.batches import batch, system
from tests.support.pretended_device import CUDA, pretended_cuda


@pytest.mark.parametrize("share", [0.1, 0.5, 0.7, 0.9])
def test_evaluation_hides_each_document_once_and_is_the_mean_over_these_splits(share):
    embeddings, labels, _ = batch(0, 40)
    loss = GLoss(labeled_fraction=share, reduction="none").eval()
    state = torch.get_rng_state()
    found = loss(embeddings, labels)
    assert torch.equal(torch.get_rng_state(), state)
    splits = complementary_splits(labels, share)
    assert len(splits) == max(2, round(1 / (1 - share)))
    assert torch.equal(torch.cat([hidden for hidden, _ in splits]).sort().values, torch.arange(40))
    expected = torch.empty(40, dtype=torch.float64)
    for hidden, kept in splits:
        assert torch.equal(torch.cat([hidden, kept]).sort().values, torch.arange(40))
        labeled = torch.zeros(40, dtype=torch.bool)
        labeled[kept] = True
        expected[hidden] = GLoss(reduction="none")(embeddings, labels, labeled=labeled)
    torch.testing.assert_close(found, expected)
    assert torch.equal(loss.last_split[0], torch.arange(40))
    mean = GLoss(labeled_fraction=share).eval()
    assert mean(embeddings, labels).item() == pytest.approx(expected.mean().item())
    assert mean(embeddings, labels) == mean(embeddings, labels)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_evaluation_of_few_documents_is_finite(n):
    assert torch.isfinite(GLoss().eval()(torch.randn(n, 4), torch.zeros(n, dtype=torch.long)))


def test_a_generator_draws_the_split_and_leaves_torchs_own_alone():
    embeddings, labels, _ = batch(1, 30)
    state = torch.get_rng_state()
    loss = GLoss(generator=torch.Generator().manual_seed(3))
    first = loss(embeddings, labels)
    assert torch.equal(torch.get_rng_state(), state)
    assert first == GLoss()(embeddings, labels, generator=torch.Generator().manual_seed(3))
    hidden, kept = loss.last_split
    labeled = torch.zeros(30, dtype=torch.bool).index_fill(0, kept, True)
    one_by_one = GLoss(reduction="none")
    assert one_by_one(embeddings, labels, labeled=labeled).mean().item() == pytest.approx(first.item())
    assert torch.equal(one_by_one.last_split[0], hidden)


def test_the_split_is_drawn_on_the_cpu_under_another_default_device():
    embeddings, labels, _ = batch(1, 30)
    torch.manual_seed(0)
    expected = GLoss()(embeddings, labels)
    torch.manual_seed(0)
    with torch.device("meta"):
        loss = GLoss()
    assert loss(embeddings, labels) == expected
    with torch.device("meta"):
        assert draw_anchors(labels, 2).sum() == 6


def test_nothing_but_the_text_of_unlabeled_documents_reaches_the_loss():
    embeddings, labels, _ = batch(2, 40)
    without = torch.arange(40) % 4 == 0
    given = labels.masked_fill(without, -100)
    loss = GLoss(ignore_index=-100, reduction="none")
    torch.manual_seed(0)
    found = loss(embeddings, given, num_classes=3)
    hidden, kept = loss.last_split
    assert not without[hidden].any()
    assert not without[kept].any()
    assert len(kept) == 21  # 0.7 of the 30 with a label
    # the same graph, with whatever labels for the hidden, judged at the documents that have one
    labeled = torch.zeros(40, dtype=torch.bool).index_fill(0, kept, True)
    every = propagate_labels(embeddings, labels, labeled, 3, 0.5)
    position = torch.cumsum(~labeled, 0) - 1
    expected = -every[position[hidden], labels[hidden]].log()
    torch.testing.assert_close(found, expected)
    # their text does reach it
    torch.manual_seed(0)
    assert not torch.equal(loss(embeddings + without[:, None] * 1.0, given, num_classes=3), found)
    # and so for the renumbered classes, a given mask, and evaluation
    assert torch.isfinite(GLoss(ignore_index=-100)(embeddings, given))
    torch.testing.assert_close(loss(embeddings, given, labeled=labeled, num_classes=3), expected)
    assert len(loss.eval()(embeddings, given)) == 30
    nothing = GLoss(ignore_index=-100)(embeddings, torch.full((40,), -100))
    assert nothing == 0


def test_labels_of_hidden_documents_need_not_be_known_to_propagate():
    embeddings, labels, labeled = batch(3, 30)
    expected = propagate_labels(embeddings, labels, labeled, 3, 0.5)
    unknown = torch.where(labeled, labels, -100)
    torch.testing.assert_close(propagate_labels(embeddings, unknown, labeled, 3, 0.5), expected)
    with pytest.raises(ValueError, match="labels: -100 to 2 do not lie in 0 to 2"):
        propagate_labels(embeddings, torch.where(labeled, -100, labels), labeled, 3, 0.5)


def test_the_report_describes_the_graph():
    embeddings, labels, labeled = batch(4, 40)
    loss = GLoss(sigma=0.4)
    assert loss.report(graph=True) == {}
    value = loss(embeddings, labels, labeled=labeled)
    shown = {name: one.item() for name, one in loss.report(graph=True).items()}
    assert loss.report().keys() == {"left_out_share"}
    distances = torch.pdist(torch.nn.functional.normalize(embeddings))
    assert shown["sigma"] == 0.4
    assert shown["sigma_over_median"] == pytest.approx(0.4 / distances.median().item(), rel=0.02)
    guessed = propagate_labels(embeddings, labels, labeled, 3, 0.4).argmax(dim=1)
    assert shown["propagated_accuracy"] == pytest.approx((guessed == labels[~labeled]).double().mean().item())
    shares = torch.bincount(labels[labeled], minlength=3) / labeled.sum()
    assert shown["chance_loss"] == pytest.approx(-shares[labels[~labeled]].log().mean().item())
    assert shown["eliminated"] == 0
    # a flat graph predicts the shares of the classes
    flat = GLoss(sigma=1e3)
    found = flat(embeddings, labels, labeled=labeled).item()
    assert found == pytest.approx(flat.report(graph=True)["chance_loss"].item(), rel=1e-3)
    narrow = GLoss(sigma=0.01)
    narrow(embeddings, labels, labeled=labeled)
    assert narrow.report(graph=True)["eliminated"] == 1
    assert loss(embeddings, labels, labeled=labeled) == value


def test_the_share_of_the_gradient_is_that_of_the_norms():
    embeddings = torch.tensor([[3.0, 4.0], [0.0, 0.0]], requires_grad=True)
    terms = {
        "a": embeddings.sum(),
        "b": 0.5 * embeddings.square().sum(),
        "c": embeddings.detach().sum() * embeddings[0, 0],
    }
    shares = gradient_shares(terms, embeddings)
    assert {name: share.item() for name, share in shares.items()} == pytest.approx({"a": 2 / 14, "b": 5 / 14, "c": 0.5})
    sum(terms.values()).backward()  # the graph is still there
    for nothing in (embeddings.sum() * 0, torch.zeros(())):
        assert gradient_shares({"a": nothing, "b": embeddings.sum()}, embeddings)["a"] == 0
    line = r"^embeddings: a was not computed from them; a slice of them is another tensor$"
    with pytest.raises(ValueError, match=line):
        gradient_shares(terms, embeddings[:1])


@pytest.mark.parametrize(("sigma", "duplicates"), [(0.6, 0), (0.05, 1)], ids=["solved", "eliminated"])
@pytest.mark.parametrize("transition", ["stochastic", "column"])
def test_second_derivatives_are_finite_differences(sigma, duplicates, transition):
    embeddings, labels, labeled = batch(7, 9, dimension=4, duplicates=duplicates)
    labeled[:2] = False
    loss = GLoss(sigma=sigma, transition=transition)
    point = embeddings.requires_grad_()
    bounds = {"eps": 1e-7, "atol": 1e-2, "rtol": 1e-2}
    assert torch.autograd.gradgradcheck(lambda x: loss(x, labels, labeled=labeled), point, **bounds)


def test_second_derivatives_of_the_elimination_have_no_nan():
    embeddings, *others = batch(7, 12, dimension=4, duplicates=1)
    point = embeddings.requires_grad_()
    log_t, *rest = system(point, *others, 3, 0.02, "stochastic")
    value = log_propagated_by_elimination(log_t, *rest).clamp(min=-1e4).sum()
    (first,) = torch.autograd.grad(value, point, create_graph=True)
    assert torch.isfinite(torch.autograd.grad(first.square().sum(), point)[0]).all()


@pytest.mark.parametrize("broken", [math.nan, math.inf])
def test_embeddings_that_are_not_finite_are_said_so(broken):
    embeddings, labels, _ = batch(0, 12)
    embeddings[3, 2] = broken
    for loss in (GLoss(), SupConLoss(), TripletLoss(), CosineSimilarityLoss(), GroupLoss()):
        further = [torch.zeros(12, 3)] if isinstance(loss, GroupLoss) else []
        with pytest.raises(ValueError, match=r"^embeddings: NaN or infinity found$"):
            loss(embeddings, labels, *further)
    assert GLoss(check=False)(embeddings, labels).isnan()


def test_a_gradient_beyond_float16_is_had_from_a_loss_that_is_scaled_down():
    embeddings, labels, labeled = batch(0, 12)
    small = (embeddings / 100).half().requires_grad_()  # the gradient grows as embeddings shrink
    loss = GLoss(sigma=0.01)(small, labels, labeled=labeled)
    assert torch.autograd.grad(loss, small, retain_graph=True)[0].isinf().any()
    wide = small.detach().double().requires_grad_()
    (expected,) = torch.autograd.grad(GLoss(sigma=0.01)(wide, labels, labeled=labeled), wide)
    (found,) = torch.autograd.grad(loss / 1024, small)  # as a gradient scaler ends up doing
    torch.testing.assert_close(found.double() * 1024, expected, rtol=1e-3, atol=1)


def test_sigma_is_checked_when_it_is_set_and_saved():
    loss = GLoss(sigma=0.3)
    with pytest.raises(ValueError, match=r"^sigma: 0 is not a positive number$"):
        loss.sigma = 0
    other = GLoss(neighbors=30)
    other.load_state_dict(loss.state_dict())
    assert (other.sigma, other.neighbors) == (0.3, None)
    assert copy.deepcopy(other).sigma == 0.3
    loss.load_state_dict(GLoss(neighbors=30).state_dict())
    assert (loss.sigma, loss.neighbors) == (None, 30)


def test_a_model_that_has_the_loss_is_saved_as_safetensors_and_loaded(tmp_path):
    def model(neighbors):
        return nn.ModuleDict({"layer": nn.Linear(8, 8), "loss": GLoss(neighbors=neighbors, memory=20.0)})

    embeddings, labels, _ = batch(0, 24)
    given = model(np.int64(3))
    given["loss"](embeddings.bfloat16(), labels)
    save_file(given.state_dict(), tmp_path / "model.safetensors")
    taken = model(8)
    taken.load_state_dict(load_file(tmp_path / "model.safetensors"))
    assert taken["loss"].neighbors == 3
    assert torch.equal(taken["loss"].past.embeddings, embeddings.bfloat16()[-20:])
    assert torch.equal(taken["loss"].past.labels, labels[-20:])
    save_model(given, tmp_path / "whole.safetensors")  # which refuses a part of a larger tensor
    before = nn.ModuleDict({"layer": nn.Linear(8, 8), "loss": nn.CrossEntropyLoss()})
    taken.load_state_dict(before.state_dict())
    assert taken["loss"].neighbors == 3
    assert len(taken["loss"].past) == 20


def test_an_evaluation_batch_of_one_class_is_told():
    embeddings, labels, _ = batch(0, 24)
    with pytest.warns(
        UserWarning, match="^labels: a batch of one class, whose loss is 0; are the documents sorted by cl"
    ):
        assert GLoss().eval()(embeddings, labels * 0) == pytest.approx(0, abs=1e-12)


def test_a_functional_gradient_is_that_of_backward():
    embeddings, labels, labeled = batch(0, 24)
    for sigma in (0.5, 0.01):  # solved, eliminated
        loss = GLoss(sigma=sigma)
        leaf = embeddings.clone().requires_grad_()
        loss(leaf, labels, labeled=labeled).backward()
        found = torch.func.grad(lambda x, loss=loss: loss(x, labels, labeled=labeled))(embeddings)
        torch.testing.assert_close(found, leaf.grad)


def test_a_loss_of_ones_own_that_is_one_of_these_is_printed():
    class Own(GLoss):
        def __init__(self, k):
            super().__init__(neighbors=k)

    assert "neighbors=7" in repr(Own(7))


def test_a_batch_without_labels_is_zero_whether_or_not_a_mask_says_so():
    embeddings, labels, _ = batch(0, 24)
    loss, none = GLoss(ignore_index=-100), torch.full_like(labels, -100)
    assert loss(embeddings, none) == loss(embeddings, none, labeled=none != -100) == 0
    with pytest.raises(ValueError, match="at least one document must keep its label"):
        loss(embeddings, labels, labeled=none != -100)


def test_more_neighbors_than_others_are_told():
    embeddings, labels, _ = batch(0, 24)
    with pytest.warns(UserWarning, match="^neighbors: a batch has no more other documents; the graph is flat$"):
        GLoss(neighbors=23)(embeddings, labels)


@pytest.mark.parametrize("loss", [GLoss(), GLoss(neighbors=8), GroupLoss()], ids=["sigma", "neighbors", "group"])
def test_a_device_without_float64_has_its_graph_on_the_cpu(loss, monkeypatch):
    embeddings, labels, _ = batch(0, 24)
    further = [torch.randn(24, 3)] if isinstance(loss, GroupLoss) else []
    torch.manual_seed(0)
    expected = loss(embeddings.float(), labels, *further)
    monkeypatch.setattr(transfer, "WITHOUT_FLOAT64", {"cuda"})
    with pretended_cuda(monkeypatch):
        torch.manual_seed(0)
        found = loss(*(value.to(CUDA) for value in (embeddings.float(), labels, *further)))
        assert found.device.type == "cuda"
        assert found.cpu() == expected


def test_widths_are_found_on_the_cpu_for_a_device_without_float64(monkeypatch):
    embeddings = batch(0, 24)[0].float()
    expected = estimate_sigma(embeddings, "neighbors", neighbors=5, batch_size=12), effective_neighbors(embeddings, 0.5)
    monkeypatch.setattr(transfer, "WITHOUT_FLOAT64", {"cuda"})
    with pretended_cuda(monkeypatch):
        there = embeddings.to(CUDA)
        assert estimate_sigma(there, "neighbors", neighbors=5, batch_size=12) == expected[0]
        assert effective_neighbors(there, 0.5).cpu() == expected[1]


def test_a_width_that_is_set_takes_the_place_of_the_others():
    embeddings, labels, _ = batch(0, 24)
    loss = GLoss(sigma=0.5).eval()
    for name, value in (("neighbors", 8), ("sigma_over_median", 0.3), ("sigma", 0.2)):
        setattr(loss, name, value)
        assert loss(embeddings, labels) == GLoss(**{name: value}).eval()(embeddings, labels)
        others = {"neighbors", "sigma_over_median", "sigma"} - {name}
        assert [getattr(loss, other) for other in others] == [None, None]
    loss.neighbors = 8
    loss.neighbors = None
    with pytest.raises(ValueError, match=r"^neighbors, sigma_over_median, sigma: None found of all, expected one"):
        loss(embeddings, labels)


@pytest.mark.parametrize("arguments", [{}, {"neighbors": 8}, {"sigma_over_median": 0.5}], ids=str)
def test_the_host_waits_once_for_a_loss_and_never_for_its_report(arguments, monkeypatch):
    embeddings, labels, _ = batch(0, 24)
    loss = GLoss(**arguments)
    with pretended_cuda(monkeypatch) as device:
        embeddings, labels = embeddings.to(CUDA).requires_grad_(), labels.to(CUDA)
        device.waits.clear()
        value = loss(embeddings, labels, num_classes=3)
        assert len(device.waits) == 1
        loss.report(graph=True)
        gradient_shares({"gloss": value, "norm": embeddings.sum()}, embeddings)
        assert len(device.waits) == 1
