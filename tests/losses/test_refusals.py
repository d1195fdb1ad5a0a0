"""What the losses, the propagation and the estimates of sigma refuse, by the name of what is wrong."""

import math
import re

import pytest
import torch
from glossbench.graph import propagate_labels
from glossbench.losses import CosineSimilarityLoss, GLoss, GroupLoss, SupConLoss, TripletLoss
from glossbench.sigma import estimate_sigma

from tests.support.batches import batch

X, Y, Z = torch.randn(4, 2), torch.arange(4) % 3, torch.randn(4, 3)
BATCH, DRAWN = dict(zip(("embeddings", "labels", "labeled"), batch(0, 6), strict=True)), batch(0, 40)[0]
BROKEN = [torch.tensor([[1.0, value], [1, 2], [3, 1]]) for value in (math.nan, math.inf)]
ESTIMATE = "found, expected a number; glossbench.estimate_sigma gives it"

SETTINGS = [
    ({"sigma": 0}, "sigma: 0 is not a positive number"),
    ({"sigma": "sqrt"}, f"sigma: 'sqrt' {ESTIMATE}"),
    ({"sigma": 1e-160}, "sigma: 1e-160 is not between 1e-07 and 1e+07"),
    ({"sigma": 0.5, "neighbors": 40}, "sigma: 0.5 beside neighbors: 40 found, expected one of them"),
    ({"sigma_over_median": 0}, "sigma_over_median: 0 is not a positive number"),
    ({"memory": 1.5}, "memory: 1.5 is not a whole number of at least 0"),
    ({"neighbors": 0.5}, "neighbors: 0.5 is below 1"),
    ({"neighbors": "40"}, "neighbors: '40' is not a positive number"),
    ({"class_weights": torch.ones(3, 1)}, "class_weights: expected float (C,), found torch.float32 (3, 1)"),
    ({"class_weights": torch.tensor([1, -1.0])}, "class_weights: negative, infinite or NaN weights found"),
    ({"labeled_fraction": 1.0}, "labeled_fraction: 1.0 is not between 0 and 1"),
    ({"transition": "rows"}, "transition: 'rows' is not one of stochastic, column"),
    ({"criterion": "ce"}, "criterion: 'ce' is not one of nll, softmax"),
    ({"reduction": "max"}, "reduction: 'max' is not one of mean, sum, none"),
]


@pytest.mark.parametrize(("wrong", "message"), SETTINGS, ids=[message for _, message in SETTINGS])
def test_wrong_settings_of_gloss_are_refused_when_it_is_made_and_when_they_are_set(wrong, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        GLoss(**wrong)
    if len(wrong) == 1:
        with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
            setattr(GLoss(), *wrong.popitem())


def called(loss, **right):
    """A call of a loss on four documents, or with other arguments."""
    return lambda **wrong: loss(**{"embeddings": X, "labels": Y, **right, **wrong})


gloss, group = called(GLoss()), called(GroupLoss(), logits=Z)
WEIGHTS = "class_weights: 2 weights for 3 classes"
UNKNOWN = (
    "labels: -1 found, expected whole numbers of at least 0; ignore_index is the label of documents without a class"
)


def propagated(**wrong):
    return propagate_labels(**{**BATCH, "num_classes": 3, "sigma": 0.5, **wrong})


def by_neighbors(**wrong):
    return estimate_sigma(DRAWN, "neighbors", **wrong)


VALUES = [
    (gloss, {"embeddings": X[:, 0]}, "embeddings: expected float (B, d), found torch.float32 (4,)"),
    (gloss, {"labels": Y[:3]}, "labels: expected (4,), found (3,)"),
    (gloss, {"labels": Y.float()}, "labels: expected whole numbers, found torch.float32"),
    (gloss, {"labels": Y.bool()}, "labels: expected whole numbers, found torch.bool"),
    (gloss, {"labels": Y - 1}, UNKNOWN),
    (gloss, {"labels": torch.arange(4), "num_classes": 3}, "labels: 0 to 3 do not lie in 0 to 2"),
    (gloss, {"labeled": torch.ones(4)}, "labeled: expected bool (4,), found torch.float32 (4,)"),
    (gloss, {"labeled": torch.zeros(4).bool()}, "labeled: at least one document must keep its label"),
    (gloss, {"generator": 3}, "generator: expected a torch.Generator of the CPU, found 3"),
    (gloss, {"num_classes": 3, "class_weights": torch.ones(2)}, WEIGHTS),
    (called(GLoss(class_weights=torch.ones(2))), {"num_classes": 3}, WEIGHTS),
    (SupConLoss, {"temperature": 0}, "temperature: 0 is not a positive number"),
    (SupConLoss, {"temperature": 0.3, "base_temperature": -1}, "base_temperature: -1 is not a positive number"),
    (TripletLoss, {"average": "hard"}, "average: 'hard' is not one of positive, all"),
    (TripletLoss, {"margin": 0}, "margin: 0 is not a positive number"),
    (GroupLoss, {"iterations": float("inf")}, "iterations: inf is not a whole number of at least 1"),
    (GroupLoss, {"iterations": 0}, "iterations: 0 is not a whole number of at least 1"),
    (GroupLoss, {"anchors_per_class": -1}, "anchors_per_class: -1 is not a whole number of at least 0"),
    (GroupLoss, {"anchors_per_class": 1.5}, "anchors_per_class: 1.5 is not a whole number of at least 0"),
    (GroupLoss, {"temperature": 0}, "temperature: 0 is not a positive number"),
    (group, {"logits": Z[:3]}, "logits: expected (4, 3), found (3, 3)"),
    (group, {"num_classes": 4}, "logits: expected (4, 4), found (4, 3)"),
    (group, {"anchors": torch.ones(4)}, "anchors: expected bool (4,), found torch.float32 (4,)"),
    (propagated, {"sigma": 0}, "sigma: 0 is not a positive number"),
    (propagated, {"transition": "rows"}, "transition: 'rows' is not one of stochastic, column"),
    (by_neighbors, {}, "neighbors: None is not a positive number"),
    (by_neighbors, {"neighbors": 31, "batch_size": 32}, "neighbors: 31 is not between 1 and 31, the others of a batch"),
    (by_neighbors, {"neighbors": 0.5, "batch_size": 40}, "neighbors: 0.5 is not between 1 and 39, the others of a batch"),
    (by_neighbors, {"neighbors": 10}, "batch_size: 128 documents are needed, 40 were given or sampled"),
    (by_neighbors, {"neighbors": 1, "batch_size": 2.5}, "batch_size: 2.5 is not a whole number of at least 2"),
    (by_neighbors, {"max_documents": 1}, "max_documents: 1 is not a whole number of at least 2"),
    (by_neighbors, {"max_documents": float("nan")}, "max_documents: nan is not a whole number of at least 2"),
    *((estimate_sigma, {"embeddings": x}, "embeddings: 1 of 3 documents have NaN or infinity") for x in BROKEN),
    (estimate_sigma, {"embeddings": torch.ones(1, 3)}, "embeddings: 1 document(s) have no distances; at least 2 are needed"),
]  # fmt: skip
TYPES = [
    (gloss, {"labels": [0, 1, 0, 1]}, "labels: expected a torch.Tensor, found list"),
    (gloss, {"labeled": [True] * 4}, "labeled: expected a torch.Tensor, found list"),
    (estimate_sigma, {"embeddings": [[1.0, 2.0], [2.0, 1.0]]}, "embeddings: expected a torch.Tensor, found list"),
]
for loss in (GLoss(), SupConLoss(), TripletLoss(), CosineSimilarityLoss()):
    VALUES.append((called(loss), {"labels": Y[:, None]}, "labels: expected (4,), found (4, 1)"))
    TYPES.append((called(loss), {"embeddings": [[1.0]] * 4}, "embeddings: expected a torch.Tensor, found list"))
CASES = [(ValueError, *row) for row in VALUES] + [(TypeError, *row) for row in TYPES]


@pytest.mark.parametrize(("error", "call", "wrong", "message"), CASES, ids=[message for *_, message in CASES])
def test_what_is_wrong_is_refused_by_name(error, call, wrong, message):
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        call(**wrong)
