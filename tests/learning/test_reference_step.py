"""One training step of every objective with the preset of the published code, against a plain implementation.

The plain implementation encodes padded documents with transformers in float64, and computes each loss from its formula
as the published code does (D1 - D8, D18): with loops, and matrices of probabilities instead of logarithms.
"""

import copy
import math

import pytest
import torch
from glossbench.learning.encoder.encoder import Encoder
from glossbench.learning.encoder.loading import load_backbone
from glossbench.learning.training.inputs import Splits, with_found_values
from glossbench.learning.training.run import load_loss
from glossbench.learning.training.trainer import EncoderWithHead, Trainer
from torch import nn

from tests.support.documents_made_up import random_documents
from tests.support.registered import REGISTRIES, resolved

CLASSES, SIGMA = 3, 0.8
OBJECTIVES = [
    key for key, entry in REGISTRIES.objectives.items()
    if key in ("ce", "scl-ce", "gloss-sqrt-ce", "gloss-o-ce", "scl", "triplet", "cosine", "gloss-o")
]  # fmt: skip


class WithSplit(nn.Module):
    """A G-Loss whose labeled documents are given, so that the test knows them."""

    needs = frozenset({"num_classes", "class_weights"})

    def __init__(self, loss, labeled):
        super().__init__()
        self.loss, self.labeled = loss, labeled

    def forward(self, embeddings, labels, num_classes, class_weights):
        return self.loss(embeddings, labels, self.labeled, num_classes, class_weights)


def weighted_mean(losses, labels, weights):
    return sum(weights[y] * loss for loss, y in zip(losses, labels, strict=True)) / sum(weights[y] for y in labels)


def cross_entropy(scores, labels, weights):
    losses = [-(row[y] - row.exp().sum().log()) for row, y in zip(scores, labels, strict=True)]
    return weighted_mean(losses, labels, weights)


def gloss(x, labels, weights, labeled, divide_again):
    x = x / x.norm(dim=1, keepdim=True)
    w = torch.stack([torch.stack([torch.exp(-((a - b) ** 2).sum() / (2 * SIGMA**2)) for b in x]) for a in x])
    w = w * (1 - torch.eye(len(x)))
    degree = w.sum(dim=1)
    a = w / (degree[:, None] * degree[None, :]).sqrt()
    t = a / a.sum(dim=0, keepdim=True)
    t = t / t.sum(dim=1, keepdim=True)
    known = torch.eye(CLASSES, dtype=x.dtype)[labels[labeled]]
    hidden = ~labeled
    inside = torch.eye(int(hidden.sum()), dtype=x.dtype) - t[hidden][:, hidden]
    propagated = torch.linalg.inv(inside) @ t[hidden][:, labeled] @ known
    loss = cross_entropy(propagated, labels[hidden].tolist(), weights)
    return loss / int(hidden.sum()) if divide_again else loss


def scl(x, labels, temperature):
    z = x / x.norm(dim=1, keepdim=True)
    total = 0
    for i, y in enumerate(labels.tolist()):
        others = [a for a in range(len(z)) if a != i]
        normal = sum(torch.exp(z[i] @ z[a] / temperature) for a in others)
        positives = [p for p in others if labels[p] == y]
        terms = [z[i] @ z[p] / temperature - normal.log() for p in positives]
        total = total - (sum(terms) / len(positives) if positives else 0)
    return total / len(z) * temperature / 0.07


def triplet(x, labels):
    def d(i, j):
        return ((x[i] - x[j]) ** 2).sum().sqrt()

    n = range(len(x))
    terms = [
        d(a, p) - d(a, m) + 5
        for a in n for p in n for m in n
        if a != p and labels[a] == labels[p] != labels[m]
    ]  # fmt: skip
    positive = [term for term in terms if term > 0]
    return sum(positive) / len(positive)


def cosine(x, labels):
    z = x / x.norm(dim=1, keepdim=True)
    pairs = [(i, j) for i in range(len(z)) for j in range(i + 1, len(z))]
    return sum((z[i] @ z[j] - float(labels[i] == labels[j])) ** 2 for i, j in pairs) / len(pairs)


def without_dropout(model):
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    return model


@pytest.fixture
def documents(bert_folder):
    """24 documents whose classes have 16, 6 and 2 of them, so that class weights matter."""
    drawn = random_documents(24)
    drawn.labels[:] = torch.tensor([0] * 16 + [1] * 6 + [2] * 2)[torch.randperm(24)]
    return drawn


@pytest.mark.parametrize("key", OBJECTIVES)
def test_a_step_is_that_of_the_published_code(bert_folder, documents, key):
    objective = resolved(f"{key}@reference").for_runs()
    objective = with_found_values(objective, {"sigma": SIGMA} if objective.loss == "gloss" else {}, None)
    backbone = without_dropout(load_backbone(bert_folder))
    plain = copy.deepcopy(backbone).double()
    batch, labeled = torch.arange(20), torch.arange(20) % 10 < 7
    loss = load_loss(objective)
    if objective.loss == "gloss":
        loss = WithSplit(loss, labeled)
    integrated = objective.protocol == "integrated"
    model = EncoderWithHead(Encoder(backbone, micro_batch_tokens=48), CLASSES if integrated else None)
    head = copy.deepcopy(model.head).double() if integrated else None
    trainer = Trainer(model, loss, objective, Splits(documents, documents, None, CLASSES), seed=0)
    model.train()
    reported = trainer.step(batch)

    rows = [documents.values[documents.offsets[i] : documents.offsets[i + 1]] for i in batch]
    x = torch.cat([plain(input_ids=row[None]).last_hidden_state[:, 0] for row in rows])
    labels = documents.labels[batch]
    counts = documents.labels.bincount().tolist()
    weights = [24 / (CLASSES * count) for count in counts]
    terms = {
        None: lambda: 0.0,
        "gloss": lambda: gloss(x, labels, weights, labeled, divide_again=integrated),
        "supcon": lambda: scl(x, labels, objective.value("temperature")),
        "triplet": lambda: triplet(x, labels),
        "cosine": lambda: cosine(x, labels),
    }
    expected = terms[objective.loss]()
    if integrated:
        share = objective.weight or 0.0
        expected = (1 - share) * cross_entropy(head(x), labels.tolist(), weights) + share * expected
    expected.backward()
    assert reported["loss"].item() == pytest.approx(expected.item(), rel=1e-5)

    wanted = [*plain.parameters(), *(head.parameters() if integrated else [])]
    norm = math.sqrt(sum((parameter.grad**2).sum() for parameter in wanted if parameter.grad is not None))
    scale = min(1.0, (1.0 if integrated else 5.0) / (norm + 1e-6))
    compared = 0
    for parameter, other in zip(trainer.parameters, wanted, strict=True):
        if other.grad is None or parameter not in trainer.optimizer.state:  # the last key bias, which cancels
            continue
        gradient = trainer.optimizer.state[parameter]["exp_avg"] / 0.1  # Adam's first mean of gradients
        torch.testing.assert_close(gradient.double(), other.grad * scale, rtol=2e-3, atol=2e-6)
        compared += 1
    assert compared > 20
