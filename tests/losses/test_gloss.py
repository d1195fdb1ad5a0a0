"""G-Loss against loops and finite differences; its robustness and its split."""

import shutil

import pytest
import torch
from glossbench.graph import squared_distances, unit_rows
from glossbench.losses import CosineSimilarityLoss, GLoss, GroupLoss, SupConLoss
from glossbench.losses.labeling import draw_split, number_kept
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.support.batches import batch, plain_loss


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("weights", [None, torch.tensor([0.5, 1.0, 3.0])])
def test_the_loss_is_what_a_plain_loop_gives(seed, weights):
    embeddings, labels, labeled = batch(seed, 20)
    found = GLoss(sigma=0.6, class_weights=weights)(embeddings, labels, labeled=labeled)
    assert found.item() == pytest.approx(plain_loss(embeddings, labels, labeled, 0.6, weights), rel=1e-10)


@pytest.mark.parametrize(
    ("transition", "criterion", "sigma", "duplicates"),
    [
        ("stochastic", "nll", 0.6, 0),
        ("stochastic", "softmax", 0.6, 0),
        ("column", "nll", 0.6, 0),
        ("column", "softmax", 0.6, 0),
        # Two equal documents far from all others, both hidden: the solve fails and the elimination is used. With
        # "column" their propagated labels are not probabilities and reach 1e44, so there is no case with softmax.
        ("stochastic", "nll", 0.05, 1),
        ("stochastic", "softmax", 0.05, 1),
        ("column", "nll", 0.05, 1),
    ],
)
def test_gradients_are_finite_differences(transition, criterion, sigma, duplicates):
    embeddings, labels, labeled = batch(7, 9, dimension=4, duplicates=duplicates)
    labeled[:2] = False
    loss = GLoss(sigma=sigma, transition=transition, criterion=criterion)
    point = embeddings.requires_grad_()
    given = {"labeled": labeled, "num_classes": 3}
    assert torch.autograd.gradcheck(lambda x: loss(x, labels, **given), point, eps=1e-7, atol=1e-4)


@pytest.mark.slow
@settings(max_examples=80)
@given(
    seed=st.integers(0, 2**31),
    n=st.integers(2, 40),
    classes=st.integers(1, 20),
    sigma=st.floats(0.01, 10),
    share=st.floats(0.01, 0.99),
    duplicates=st.integers(0, 100),
    dtype=st.sampled_from([torch.float64, torch.float32, torch.bfloat16, torch.float16]),
    definition=st.sampled_from([("stochastic", "nll"), ("stochastic", "softmax"), ("column", "nll")]),
)
@example(0, 2, 1, 0.01, 0.5, 1, torch.float16, ("stochastic", "nll"))
@example(0, 64, 8, 0.01, 0.99, 63, torch.bfloat16, ("column", "nll"))
@example(1, 1024, 52, 0.03, 0.7, 1, torch.float32, ("stochastic", "nll"))
def test_loss_and_gradients_are_finite(seed, n, classes, sigma, share, duplicates, dtype, definition):
    transition, criterion = definition
    embeddings, labels, _ = batch(seed, n, classes=classes, duplicates=min(duplicates, n - 1))
    leaf = embeddings.to(dtype).requires_grad_()
    torch.manual_seed(seed)
    loss = GLoss(sigma=sigma, labeled_fraction=share, transition=transition, criterion=criterion)(leaf, labels)
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(leaf.grad).all()


def test_a_class_without_labeled_documents_is_left_out_and_counted():
    embeddings, _, _ = batch(0, 8)
    labels = torch.tensor([0, 0, 1, 1, 0, 1, 2, 2])
    labeled = torch.tensor([1, 1, 1, 1, 0, 0, 0, 0], dtype=torch.bool)
    loss = GLoss(sigma=0.5)
    found = loss(embeddings, labels, labeled=labeled)
    alone = GLoss(sigma=0.5, reduction="none")(embeddings, labels, labeled=labeled)
    assert loss.left_out == loss.report()["left_out_share"] == 0.5
    assert (alone[2:] == 0).all()
    assert found.item() == pytest.approx(alone[:2].mean().item())


@pytest.mark.parametrize(
    ("labels", "labeled"),
    [([0, 1], [True, False]), ([0, 0], [True, True]), ([0], [True])],
    ids=["all left out", "none hidden", "one document"],
)
def test_nothing_to_learn_from_is_a_zero_that_backpropagates(labels, labeled):
    embeddings = torch.randn(len(labels), 3, requires_grad=True)
    loss = GLoss()(embeddings, torch.tensor(labels), labeled=torch.tensor(labeled))
    loss.backward()
    assert loss == 0
    assert (embeddings.grad == 0).all()


def test_reductions_are_those_of_torch():
    embeddings, labels, labeled = batch(2, 12)
    losses = [GLoss(sigma=0.7, reduction=name) for name in ("none", "sum", "mean")]
    one_by_one, total, mean = (loss(embeddings, labels, labeled=labeled) for loss in losses)
    assert one_by_one.shape == ((~labeled).sum(),)
    assert total.item() == pytest.approx(one_by_one.sum().item())
    assert mean.item() == pytest.approx(one_by_one.mean().item())
    again = GLoss(sigma=0.7, divide_again=True)(embeddings, labels, labeled=labeled)
    assert again.item() == pytest.approx(mean.item() / len(one_by_one))


@given(st.integers(2, 2000), st.integers(1, 999))
@example(100, 70)  # 0.07 * 100 is 7.000000000000001
def test_the_number_of_labels_kept(n, thousandths):
    rounded_up = (n * thousandths + 999) // 1000
    assert number_kept(n, thousandths / 1000) == min(max(1, rounded_up), n - 1)


def test_the_split_is_drawn_with_torchs_generator_and_covers_the_batch():
    labels = torch.arange(10) % 3
    torch.manual_seed(5)
    hidden, kept = draw_split(labels, 0.7)
    torch.manual_seed(5)
    assert torch.equal(draw_split(labels, 0.7)[0], hidden)
    assert torch.equal(torch.cat([hidden, kept]).sort().values, torch.arange(10))
    assert len(kept) == 7


@given(st.lists(st.integers(0, 6), min_size=2, max_size=40), st.floats(0.05, 0.95), st.integers(0, 2**31))
def test_a_stratified_split_keeps_a_label_of_each_class(labels, share, seed):
    labels = torch.tensor(labels)
    torch.manual_seed(seed)
    _, kept = draw_split(labels, share, stratified=True)
    assert len(labels[kept].unique()) == min(len(labels.unique()), len(kept))


def test_autocast_does_not_reach_the_graph():
    embeddings, labels, labeled = batch(3, 16)
    embeddings = embeddings.float()
    plain = GLoss(sigma=0.5)(embeddings, labels, labeled=labeled)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(GLoss(sigma=0.5)(embeddings, labels, labeled=labeled), plain)


@pytest.mark.parametrize("dtype", [torch.int32, torch.int16, torch.int8, torch.uint8])
def test_labels_may_be_whole_numbers_of_any_type(dtype):
    embeddings, labels, labeled = batch(3, 16)
    for arguments in ({}, {"num_classes": 3}, {"class_weights": torch.ones(3)}):
        expected = GLoss()(embeddings, labels, labeled=labeled, **arguments)
        assert torch.equal(GLoss()(embeddings, labels.to(dtype), labeled=labeled, **arguments), expected)


@pytest.mark.parametrize("criterion", ["nll", "softmax"])
def test_the_names_of_the_classes_change_nothing_and_take_no_memory(criterion):
    embeddings, labels, labeled = batch(3, 16)
    loss = GLoss(criterion=criterion)
    expected = loss(embeddings, labels, labeled=labeled, num_classes=3)
    for names in ([0, 1, 2], [0, 7, 14], [4, 10**9, 1]):
        torch.testing.assert_close(loss(embeddings, torch.tensor(names)[labels], labeled=labeled), expected)


# Powers of two: the digits of the embeddings stay. The smallest entries of float32 and float64 are 2^-149 and 2^-1074.
SCALES = [(torch.float32, exponent) for exponent in (-120, -60, 60, 120)]
SCALES += [(torch.float64, exponent) for exponent in (-1000, -700, -45, 45, 700, 1000)]


@pytest.mark.parametrize(("dtype", "exponent"), SCALES)
@pytest.mark.parametrize("loss", [GLoss(), SupConLoss(), CosineSimilarityLoss()], ids=lambda loss: type(loss).__name__)
def test_the_scale_of_the_embeddings_changes_no_bit_of_loss_and_gradient(loss, dtype, exponent):
    embeddings, labels, _ = batch(5, 16)
    results = []
    for scale in (1.0, 2.0**exponent):
        leaf = (embeddings.to(dtype) * scale).requires_grad_()
        torch.manual_seed(0)
        value = loss(leaf, labels)
        results.append((value, torch.autograd.grad(value, leaf)[0] * scale))
    assert torch.equal(results[0][0], results[1][0])
    torch.testing.assert_close(results[1][1], results[0][1], rtol=1e-4, atol=1e-7)


def test_documents_of_very_different_scale_are_compared_by_direction():
    embeddings, labels, labeled = batch(6, 12)
    factors = 10.0 ** torch.linspace(-300, 300, 12).double()[:, None]
    loss = GLoss()
    expected = loss(embeddings, labels, labeled=labeled)
    torch.testing.assert_close(loss(embeddings * factors, labels, labeled=labeled), expected)


def test_nothing_to_learn_from_is_zero_at_any_scale():
    embeddings = torch.full((2, 500), 3e38, requires_grad=True)
    assert GLoss()(embeddings, torch.tensor([0, 1]), labeled=torch.tensor([True, True])) == 0


def test_a_row_of_zeros_has_distance_one_to_all_others_and_a_gradient_of_ordinary_size():
    embeddings, labels, labeled = batch(4, 12)
    embeddings[0] = 0
    assert unit_rows(embeddings)[0].eq(0).all()
    distances = squared_distances(unit_rows(embeddings))[0, 1:]
    torch.testing.assert_close(distances, torch.ones(11).double())
    labeled[0], labeled[1:4] = False, True
    leaf = embeddings.requires_grad_()
    GLoss()(leaf, labels, labeled=labeled).backward()
    assert 0 < leaf.grad[0].abs().max() < 10


def test_class_weights_of_a_call_replace_those_of_the_constructor():
    embeddings, labels, labeled = batch(1, 20)
    weights, others = torch.tensor([0.5, 1.0, 3.0]), torch.tensor([2.0, 1.0, 1.0])
    expected = GLoss(class_weights=weights)(embeddings, labels, labeled=labeled)
    for constructed in (None, others):
        loss = GLoss(class_weights=constructed)
        assert torch.equal(loss(embeddings, labels, labeled=labeled, class_weights=weights), expected)
    assert not torch.equal(GLoss(class_weights=others)(embeddings, labels, labeled=labeled), expected)


def compiled_and_not(loss, backend, *further):
    """Value and gradient of a loss with torch.compile and without, on a batch with two equal documents."""
    embeddings, labels, _ = batch(0, 24, duplicates=1)
    torch.compiler.reset()
    for function in (torch.compile(loss, backend=backend), loss):
        leaf = embeddings.clone().requires_grad_()
        torch.manual_seed(0)
        value = function(leaf, labels, *further)
        yield value, torch.autograd.grad(value, leaf)[0]


LOGITS = torch.randn(24, 3, generator=torch.Generator().manual_seed(0)).double()
COMPILED = {
    "gloss": (GLoss(),),
    "gloss of the reference code": (GLoss(criterion="softmax", stratified=True),),
    "group": (GroupLoss(), LOGITS),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", COMPILED)
def test_torch_compile_can_trace_the_loss(name):
    loss, *further = COMPILED[name]
    compiled, expected = compiled_and_not(loss, "aot_eager", *further)
    torch.testing.assert_close(compiled, expected, rtol=0, atol=0)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler")
def test_the_compiled_loss_has_the_same_value_and_gradient():
    compiled, expected = compiled_and_not(GLoss(), "inductor")
    torch.testing.assert_close(compiled, expected, rtol=1e-9, atol=1e-11)
