"""The examples, run on a few real texts with a real encoder."""

import sys

import pytest
import torch

from tests.support.repository import ROOT

sys.path.insert(0, str(ROOT / "examples"))

import choosing_sigma
import gradient_cache
import huggingface_trainer
import metric_learning
import sentence_transformers_trainer
import training_loop
import unlabeled_documents
from transformers import AutoModel, AutoTokenizer


@pytest.fixture(scope="module")
def news(bbc_news):
    """Sixteen texts of two classes, and their labels."""
    folders = [
        sorted(path for path in bbc_news.parent.rglob("*.txt") if path.parent.name == name)
        for name in ("business", "sports")
    ]
    return [path.read_text(errors="replace")[:200] for files in folders for path in files[:8]], [0] * 8 + [1] * 8


class Embedder(torch.nn.Module):
    """The encoder's first-token embeddings."""

    def __init__(self, folder):
        super().__init__()
        self.backbone = AutoModel.from_pretrained(folder, dtype=torch.float32).eval()

    def forward(self, tokens):
        return self.backbone(**tokens).last_hidden_state[:, 0]


def tokenized(folder, texts):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    return tokenizer(texts, padding=True, truncation=True, max_length=24, return_tensors="pt")


@pytest.mark.slow
def test_training_loop(minilm, news):
    texts, labels = news
    torch.manual_seed(0)
    batches = [(tokenized(minilm, texts), torch.tensor(labels))]
    history = training_loop.fine_tune(Embedder(minilm), batches, epochs=8, learning_rate=1e-4, neighbors=8)
    assert sum(history[-3:]) < 0.9 * sum(history[:3])


@pytest.mark.slow
def test_sentence_transformers_trainer(minilm, news, tmp_path):
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.base.model_card import generate_model_card
    from sentence_transformers.sentence_transformer import modules

    texts, labels = news
    transformer = modules.Transformer(str(minilm), max_seq_length=24)
    pooling = modules.Pooling(transformer.get_embedding_dimension())
    model = SentenceTransformer(modules=[transformer, pooling], device="cpu")
    before = model.encode(texts[:1])
    trainer = sentence_transformers_trainer.fine_tune(
        model, texts, labels, str(tmp_path), num_train_epochs=6, per_device_train_batch_size=16, learning_rate=1e-4,
        logging_steps=1, use_cpu=True, seed=0,
    )  # fmt: skip
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    assert losses[-1] < losses[0]
    assert trainer.loss.loss.report(graph=True)["sigma_over_median"] < 1, "a width"
    assert abs(model.encode(texts[:1]) - before).max() > 1e-4
    card = generate_model_card(model)
    assert "glossbench.sentence_transformers.GraphLoss" in card
    assert '"neighbors": 4' in card
    assert "2604.25853" in card


@pytest.mark.slow
def test_huggingface_trainer(minilm, news, tmp_path):
    trainer = huggingface_trainer.fine_tune(
        minilm, *news, str(tmp_path), num_train_epochs=6, per_device_train_batch_size=8, gradient_accumulation_steps=2,
        learning_rate=1e-4, logging_steps=1, use_cpu=True, seed=0,
    )  # fmt: skip
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    assert losses[-1] < losses[0] < 1  # not twice as large: the mean over accumulated batches
    found = trainer.evaluate()
    assert found["eval_loss"] == trainer.evaluate()["eval_loss"]
    assert found["eval_accuracy"] > 0.9
    assert trainer.loss_fn.report(graph=True)["sigma_over_median"] < 1, "a width"


def test_half_a_batch_without_labels(capsys):
    unlabeled_documents.main()
    assert float(capsys.readouterr().out.split()[-1]) > 0.9
    model, classifier = torch.nn.Linear(8, 4), torch.nn.Linear(4, 2)
    without = [(torch.randn(9, 8), torch.full((9,), unlabeled_documents.WITHOUT_LABEL))]
    assert unlabeled_documents.fine_tune(model, classifier, without) == [0]
    assert torch.isfinite(model.weight).all()


@pytest.mark.slow
def test_choosing_sigma_prints_a_line_for_each_rule(minilm, mirror, monkeypatch, capsys):
    files = [str(next(mirror.rglob(name))) for name in ("data/mr.txt", "corpus/mr.txt")]
    sizes = ["--train", "130", "--test", "20", "--length", "8", "--epochs", "1"]
    monkeypatch.setattr(sys, "argv", ["choosing_sigma.py", str(minilm), *files, *sizes])
    choosing_sigma.main()
    assert len(capsys.readouterr().out.splitlines()) == 12


def test_metric_learning(minilm, news):
    texts, labels = news
    model = Embedder(minilm)
    loss = metric_learning.mixed_loss(model(tokenized(minilm, texts)), torch.tensor(labels))
    loss.backward()
    assert torch.isfinite(loss)
    assert max(weight.grad.abs().max() for weight in model.parameters() if weight.grad is not None) > 0


def test_a_batch_in_parts_has_the_gradients_of_the_whole():
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(6, 8), torch.nn.Dropout(0.3), torch.nn.Linear(8, 4))
    tokens, labels = torch.randn(24, 6), torch.arange(24) % 3
    parts, gradients = tokens.split(5), []
    for embed in (lambda: torch.cat([model(part) for part in parts]), lambda: gradient_cache.embed(model, parts)):
        torch.manual_seed(1)
        embeddings = embed()
        model.zero_grad()
        embeddings.square().sum().backward()
        gradients.append([parameter.grad.clone() for parameter in model.parameters()])
    for one, other in zip(*gradients, strict=True):
        assert torch.equal(one, other)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    assert gradient_cache.step(model, optimizer, parts, labels) > 0
