"""Settings and files of tiny runs: random documents, a random encoder, an objective."""

import datasets
import torch
from glossbench.learning.encoder.encoder import Encoder
from glossbench.learning.encoder.loading import load_backbone
from glossbench.learning.training.batches import step_seed
from glossbench.learning.training.inputs import RunInputs, Splits
from glossbench.learning.training.trainer import EncoderWithHead, Trainer
from glossbench.settings.jobs import Objective, RunSettings, SearchedObjective, TuneSettings

from tests.support.documents_made_up import random_documents

TRAINING = {
    "batch_size": 16, "micro_batch_tokens": 48, "gradient_cache": False, "epochs": 4, "patience": 10, "tolerance": 0.0, "learning_rate": 1e-3,
    "learning_rate_milestones": [30], "learning_rate_drop_factor": 0.1, "clip_norm": 1.0, "class_weights": "none",
    "forward_passes": 1, "silhouette_classes": "all", "precision": "auto", "test_weights": "best",
}  # fmt: skip


def save_tokens(folder, encoder, **sizes):
    """Save random documents of these splits. Returns the files of a run on them."""
    for seed, (split, n) in enumerate(sizes.items()):
        documents = random_documents(n, seed)
        ids = [documents.values[a:b].tolist() for a, b in documents.offsets.unfold(0, 2, 1).tolist()]
        columns = {"doc_id": documents.doc_ids, "input_ids": ids, "label": documents.labels.tolist()}
        datasets.Dataset.from_dict(columns).save_to_disk(folder / split)
    return RunInputs(folder, encoder)


def objective(loss, protocol="standalone", loss_settings=None, search=None, weight=0.5, **training):
    """A resolved objective, in which ``search`` is tuned."""
    given = {
        "objective": loss or "ce", "preset": "paper", "protocol": protocol, "loss": loss,
        "loss_settings": loss_settings or {}, "weight": weight if protocol == "integrated" else None,
        "tuned": sorted(search or {}), "training": {**TRAINING, **training},
    }  # fmt: skip
    return Objective(**given) if search is None else SearchedObjective(**given, search=search)


def run_settings(objective, **more):
    """Settings of a run on an objective, or with ``tuning`` of a search."""
    given = {
        "corpus": "made-up", "encoder": "tiny", "objective_key": objective.objective, "seed": 42,
        "objective": objective, "encoder_settings": {}, "max_length": 128, "device": "cpu", **more,
    }  # fmt: skip
    return (TuneSettings if "tuning" in more else RunSettings)(**given)


def tiny_trainer(
    folder, protocol="integrated", loss=None, seed=0, tested=2, device="cpu", checkpoint=None, indices=None, **training
):
    """A trainer on 40 random documents of three classes, with 18 for validation, and 18 of the seed ``tested``."""
    sizes = {"train": (40, 0), "val": (18, 1), "test": (18, tested)}
    documents = {name: random_documents(*drawn).to(device) for name, drawn in sizes.items()}
    backbone = load_backbone(folder)
    torch.manual_seed(step_seed(seed, 0, 0))
    encoder = Encoder(backbone, "cls", 48, training.get("gradient_cache", False))
    model = EncoderWithHead(encoder, 3 if protocol == "integrated" else None).to(device)
    loss = None if loss is None else loss.to(device)
    told = objective(None, protocol, weight=0.7, **training)
    return Trainer(model, loss, told, Splits(**documents, num_classes=3), seed, checkpoint, indices)


def numbers(progress):
    """The rows of all epochs without their seconds."""
    return [{name: value for name, value in row.items() if not name.startswith("seconds")} for row in progress.history]


def assert_same_weights(one, other):
    """Fail unless two models have the same weights, bit for bit."""
    for (name, first), (_, second) in zip(one.state_dict().items(), other.state_dict().items(), strict=True):
        assert torch.equal(first, second), name
