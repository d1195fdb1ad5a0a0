"""G-Loss as a loss of sentence-transformers and of pytorch-metric-learning."""

import json

import pytest
import torch
from glossbench.losses import GLoss
from glossbench.metric_learning import CrossBatchMemory, GraphLoss
from glossbench.sentence_transformers import GraphLoss as SentenceLoss
from pytorch_metric_learning.losses import MultipleLosses, SupConLoss
from pytorch_metric_learning.miners import MultiSimilarityMiner
from pytorch_metric_learning.reducers import DoNothingReducer, ThresholdReducer
from pytorch_metric_learning.regularizers import LpRegularizer

from tests.support.batches import Embedder, batch


def value_and_gradient(loss, embeddings, labels, *further, **references):
    leaf = embeddings.clone().requires_grad_()
    torch.manual_seed(0)
    value = loss(leaf, labels, *further, **references)
    return value, torch.autograd.grad(value, leaf)[0]


@pytest.mark.parametrize(
    "settings",
    [
        {"neighbors": 8},
        {"class_weights": torch.tensor([0.5, 1.0, 3.0, 0.0])},
        {"ignore_index": 2},
        {"criterion": "softmax"},
    ],
    ids=lambda settings: next(iter(settings)),
)
@pytest.mark.parametrize("training", [True, False])
def test_the_loss_of_pytorch_metric_learning_is_gloss(settings, training):
    embeddings, labels, _ = batch(0, 30)
    labels[3] = 3  # alone, so that it is left out where it is hidden
    expected = value_and_gradient(GLoss(**settings).train(training), embeddings, labels)
    loss = GraphLoss(**settings).train(training)
    pairs = MultiSimilarityMiner()(embeddings, labels)
    torch.testing.assert_close(value_and_gradient(loss, embeddings, labels), expected)
    torch.testing.assert_close(value_and_gradient(loss, embeddings, labels, pairs), expected)


def test_its_reducers_regularizers_and_wrappers_take_it():
    embeddings, labels, _ = batch(0, 30)
    found = GraphLoss(reducer=DoNothingReducer())(embeddings, labels)["loss"]
    assert len(found["losses"]) == len(found["indices"]) == 9
    assert GraphLoss(reducer=ThresholdReducer(low=100))(embeddings, labels) == 0
    both = MultipleLosses([GraphLoss(), SupConLoss()], weights=[2, 1])
    regularized = GraphLoss(embedding_regularizer=LpRegularizer(), embedding_reg_weight=0.1)
    alone, found, others = (value_and_gradient(loss, embeddings, labels)[0] for loss in (GLoss(), both, regularized))
    torch.testing.assert_close(found, 2 * alone + SupConLoss()(embeddings, labels))
    torch.testing.assert_close(others, alone + 0.1 * embeddings.norm(dim=1).mean())
    with pytest.raises(TypeError, match="memory"):
        GraphLoss(memory=3)
    assert GraphLoss()(embeddings[:1], labels[:1]) == 0


def test_reference_embeddings_are_nodes_that_keep_their_label():
    embeddings, labels, _ = batch(0, 30)
    own, others = embeddings.split(20)
    loss = GraphLoss()
    found = value_and_gradient(loss, own, labels[:20], ref_emb=embeddings, ref_labels=labels)
    kept = torch.zeros(30, dtype=torch.bool)
    kept[loss.gloss.last_split[1]] = True
    assert kept[20:].all()
    value, gradient = value_and_gradient(GLoss(), torch.cat([own, others]), labels, kept)
    torch.testing.assert_close(found, (value, gradient[:20]))
    assert len(loss.gloss.past) == 0
    loss = GraphLoss(ignore_index=-100)
    unknown = labels.index_fill(0, torch.tensor([5, 25]), -100)
    without = [i for i in range(30) if i != 25]
    torch.testing.assert_close(
        value_and_gradient(loss, own, unknown[:20], ref_emb=embeddings, ref_labels=unknown),
        value_and_gradient(loss, own, unknown[:20], ref_emb=embeddings[without], ref_labels=labels[without]),
    )


def test_the_cross_batch_memory_of_pytorch_metric_learning_is_a_memory_without_the_batch():
    embeddings, labels, _ = batch(0, 60)
    theirs, ours = CrossBatchMemory(GraphLoss(), embedding_size=8, memory_size=32), GLoss(memory=20)
    for part, classes in zip(embeddings.split(12), labels.split(12), strict=True):
        found, expected = (value_and_gradient(loss, part, classes) for loss in (theirs, ours))
        torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("size", [None, 7])
def test_the_loss_of_sentence_transformers_is_gloss_in_mini_batches_too(size):
    x, labels, _ = batch(0, 30)
    model = Embedder()
    loss = SentenceLoss(model, mini_batch_size=size, neighbors=8)
    gradients = []
    for value_of in (lambda: loss([{"input_ids": x}], labels), lambda: GLoss(neighbors=8)(model.linear(x), labels)):
        model.zero_grad()
        torch.manual_seed(0)
        value = value_of()
        value.backward()
        gradients.append((value.detach(), model.linear.weight.grad.clone()))
    torch.testing.assert_close(*gradients)
    model.eval()
    with torch.no_grad():
        assert loss([{"input_ids": x}], labels) == loss([{"input_ids": x}], labels)
    with pytest.raises(ValueError, match=r"^sentence_features: 2 columns of texts found, expected one$"):
        loss([{}, {}], labels)
    with pytest.raises(ValueError, match=r"^mini_batch_size: 0 is not a whole number of at least 1$"):
        SentenceLoss(model, mini_batch_size=0)


def test_a_model_card_can_show_class_weights():
    loss = SentenceLoss(Embedder(), class_weights=torch.ones(2))
    assert json.loads(json.dumps(loss.get_config_dict()))["class_weights"] == [1, 1]
