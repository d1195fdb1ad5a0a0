"""Optimiser, schedule, smoothing, dropout, batches by class and R-Drop, each against another route to its numbers."""

import itertools

import pytest
import torch
from glossbench.learning.encoder.encoder import Encoder
from glossbench.learning.encoder.loading import load_backbone
from glossbench.learning.training.batches import draw_balanced_batches
from glossbench.learning.training.optimizing import layers_above, learning_rate_at, parameter_groups
from glossbench.settings.training import Training
from pytorch_metric_learning.samplers import MPerClassSampler
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, MultiStepLR, SequentialLR

from tests.support.documents_made_up import random_documents
from tests.support.tiny_runs import tiny_trainer

STRONG = {"optimizer": "adamw", "weight_decay": 0.1, "warmup_fraction": 0.25, "schedule": "linear", "layer_decay": 0.8}


@pytest.mark.parametrize("schedule", ["linear", "cosine", "milestones"])
@pytest.mark.parametrize("warmup", [0, 0.25])
def test_the_learning_rate_of_each_step_is_that_of_torchs_schedulers(schedule, warmup):
    given = {"schedule": schedule, "warmup_fraction": warmup, "learning_rate_milestones": (2, 3)}
    settings = Training(epochs=4, learning_rate=0.3, **given)
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.3)
    rising, falling = 20 * warmup, 20 - 20 * warmup
    down = {
        "linear": lambda: LinearLR(optimizer, 1, 1e-20, falling),
        "cosine": lambda: CosineAnnealingLR(optimizer, falling),
        "milestones": lambda: MultiStepLR(optimizer, [int(5 * epoch - rising) for epoch in (2, 3)]),
    }[schedule]()
    if warmup:
        down = SequentialLR(optimizer, [LinearLR(optimizer, 1e-20, 1, rising), down], [int(rising)])
    for step in range(20):
        assert learning_rate_at(settings, step, 5) == pytest.approx(optimizer.param_groups[0]["lr"], abs=1e-7), step
        optimizer.step()
        down.step()


def test_steps_are_those_of_torchs_adamw_with_a_group_for_each_rate(bert_folder):
    """Batch by batch, with groups, rates and clipping written out."""
    run, other = (tiny_trainer(bert_folder, epochs=2, **STRONG) for _ in range(2))
    run.fit()
    depth = {"head.": 0, "layer.2.": 0, "layer.1.": 1, "layer.0.": 2, "embeddings.": 3}
    groups = []
    for name, parameter in other.model.named_parameters():
        (scale,) = (0.8**above for part, above in depth.items() if part in name)
        decay = 0.0 if "bias" in name or "LayerNorm" in name else 0.1
        groups.append({"params": [parameter], "scale": scale, "weight_decay": decay})
    other.optimizer = torch.optim.AdamW(groups, lr=1e-3)
    other.fit()
    for (name, one), (_, two) in zip(run.model.named_parameters(), other.model.named_parameters(), strict=True):
        torch.testing.assert_close(one, two, rtol=1e-4, atol=1e-6, msg=name)


def test_without_a_recipe_there_is_one_group_of_all_parameters(bert_folder):
    run = tiny_trainer(bert_folder)
    (group,) = parameter_groups(run.model, run.settings)
    assert (group["scale"], group["weight_decay"]) == (1, 0)
    assert all(one is other for one, other in zip(group["params"], run.model.parameters(), strict=True))


def test_embeddings_are_below_all_layers(encoder_folder):
    backbone = load_backbone(encoder_folder)
    assert layers_above(backbone)[backbone.get_input_embeddings().weight] == 3


def test_label_smoothing_is_torchs(bert_folder):
    run = tiny_trainer(bert_folder, label_smoothing=0.2, class_weights="balanced")
    batch = torch.arange(16)
    torch.manual_seed(0)
    _, logits = run.model(run.splits.train, batch)
    expected = torch.nn.CrossEntropyLoss(run.class_weights, label_smoothing=0.2)(logits, run.splits.train.labels[batch])
    torch.manual_seed(0)
    assert run.step(batch)["loss"] == expected


def test_dropout_is_that_of_every_part_of_an_encoder(encoder_folder):
    documents = random_documents(6)
    for dropout in (0.0, 0.5):
        encoder = Encoder(load_backbone(encoder_folder, dropout=dropout))
        trained, plain = encoder.train()(documents), encoder.eval()(documents)
        assert torch.allclose(trained, plain, atol=1e-5) == (dropout == 0)


@pytest.mark.parametrize(("counts", "batch_size"), [([30, 9, 3, 2, 12, 8], 16), ([20, 20], 16), ([40, 1], 8)])
def test_balanced_batches_have_the_classes_of_the_sampler_of_pytorch_metric_learning(counts, batch_size):
    labels = torch.arange(len(counts)).repeat_interleave(torch.tensor(counts))
    batches = draw_balanced_batches(labels, batch_size, 4, seed=3, epoch=2)
    assert len(batches) == len(labels) // batch_size
    assert all(map(torch.equal, batches, draw_balanced_batches(labels, batch_size, 4, seed=3, epoch=2)))
    assert not torch.equal(batches[0], draw_balanced_batches(labels, batch_size, 4, seed=3, epoch=3)[0])
    per_class = [sorted(labels[batch].unique(return_counts=True)[1].tolist()) for batch in batches]
    if len(counts) * 4 >= batch_size:  # the sampler refuses others
        sampler = list(MPerClassSampler(labels, 4, batch_size, batch_size * len(batches)))
        expected = [labels[drawn] for drawn in torch.tensor(sampler).split(batch_size)]
        assert per_class == [sorted(of.unique(return_counts=True)[1].tolist()) for of in expected]
    else:
        assert per_class == [[batch_size // 2] * 2] * len(batches)
    for batch, label in itertools.product(batches, range(len(counts))):
        drawn = batch[labels[batch] == label]
        assert len(drawn.unique()) == len(drawn) or len(drawn) > counts[label], "without replacement if it has enough"
