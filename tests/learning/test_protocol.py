"""What the engine passes to a loss and takes back: losses of other libraries, needs, reports, timers."""

import sys
import types
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
import torch.nn.functional as F
from glossbench.checksums import read_checksums
from glossbench.errors import TrainingError
from glossbench.graph import propagate_labels
from glossbench.learning.training.batches import balanced_weights, draw_batches, step_seed
from glossbench.learning.training.checkpoints import Checkpoint
from glossbench.learning.training.inputs import load_splits
from glossbench.learning.training.run import make_trainer, run
from glossbench.learning.training.writing import EPOCH_COLUMNS, write_run
from glossbench.losses import GLoss
from glossbench.settings.losses import LOSSES, LossSettings
from pytorch_metric_learning.losses import ContrastiveLoss, ProxyAnchorLoss, SoftTripleLoss
from scipy.spatial.distance import pdist, squareform
from torch.distributions import Categorical, kl_divergence

from tests.support.documents_made_up import random_documents
from tests.support.tiny_runs import objective, run_settings, save_tokens

N_TRAIN = 41  # batches of 16, 16 and 9


@pytest.fixture
def files(bert_folder, tmp_path):
    """Files of a run on random documents of three classes."""
    return save_tokens(tmp_path / "tokens", bert_folder, train=N_TRAIN, val=18, test=18)


class Own(LossSettings):
    """Settings of the losses that tests install, as far as they are given."""

    neg_margin: float | None = None

    def arguments(self):
        return {name: value for name, value in self if value is not None}


@pytest.fixture
def install(monkeypatch):
    """A function that makes a loss available as the module glossbench.losses.own."""

    def install(loss):
        module = types.ModuleType("glossbench.losses.own")
        module.LOSS = loss
        monkeypatch.setitem(sys.modules, module.__name__, module)
        monkeypatch.setitem(LOSSES, "own", Own)

    return install


def epochs_csv(settings, files, folder):
    """The epochs.csv of a run."""
    names = ("epochs", "epoch_seconds", "settings", "timing", "embeddings", "logits")
    output = {name: str(folder / f"{name}.npz") for name in names}
    write_run(run(settings, files), output)
    names = {Path(path).name for path in output.values()}
    assert names == set(read_checksums(folder / "SHA256SUMS")), "each file has a checksum"
    return pd.read_csv(output["epochs"])


def trainer(settings, files):
    device = torch.device("cpu")
    splits = load_splits(files, settings.subset, device)
    return make_trainer(settings, settings.objective, files, splits, device)


class Confidence(torch.nn.Module):
    """A loss that needs all there is and reports two values. It keeps what it was called with."""

    needs = frozenset({"logits", "num_classes", "class_weights"})

    def __init__(self):
        super().__init__()
        self.calls = []
        Confidence.last = self

    def forward(self, embeddings, labels, *, logits, num_classes, class_weights):
        self.calls.append((embeddings.detach(), labels, logits.detach(), num_classes, class_weights))
        self.confidence = logits.softmax(dim=1).max(dim=1).values.mean()
        return 1 - self.confidence

    def report(self):
        return {"confidence": self.confidence, "A_share_of_class_0": (self.calls[-1][1] == 0).float().mean()}


@pytest.mark.parametrize("protocol", ["integrated", "standalone"])
def test_a_loss_of_pytorch_metric_learning_is_trained_as_it_is(files, install, tmp_path, protocol):
    install(ContrastiveLoss)
    settings = run_settings(objective("own", protocol, {"neg_margin": 2.0}))
    engine, batch = trainer(settings, files), torch.arange(12)
    documents = engine.splits.train
    torch.manual_seed(0)
    expected = ContrastiveLoss(neg_margin=2.0)(engine.model(documents, batch)[0], documents.labels[batch])
    torch.manual_seed(0)
    before = [weight.clone() for weight in engine.parameters]
    assert engine.step(batch)["loss_metric"] == expected > 0
    assert any(not torch.equal(*pair) for pair in zip(before, engine.parameters, strict=True))

    epochs = epochs_csv(settings, files, tmp_path)
    assert list(epochs) == EPOCH_COLUMNS
    assert epochs["loss_metric"].iloc[-1] < epochs["loss_metric"].iloc[0]
    assert epochs["left_out_share"].isna().all()


@pytest.mark.parametrize("name", ["proxy_anchor", "soft_triple"])
def test_proxies_begin_with_the_runs_seed_and_move_by_adam_at_their_own_rate(files, name):
    made = {
        "proxy_anchor": lambda: ProxyAnchorLoss(3, 32, margin=0.2, alpha=32),
        "soft_triple": lambda: SoftTripleLoss(3, 32, centers_per_class=10, la=20, gamma=0.1, margin=0.2),
    }
    told = objective(name, "integrated", {"margin": 0.2, "loss_learning_rate": 0.05})
    engines = [trainer(run_settings(told, seed=seed), files) for seed in (42, 42, 43)]
    (proxies,), (again,), (other,) = (engine.loss_parameters for engine in engines)
    assert torch.equal(proxies, again)
    assert not torch.equal(proxies, other)

    engine, batch, expected = engines[0], torch.arange(20), made[name]()
    expected.load_state_dict(engine.loss.state_dict())
    (parameter,) = expected.parameters()
    optimizer = torch.optim.Adam([parameter], lr=0.05)
    documents = engine.splits.train
    torch.manual_seed(0)
    value = expected(engine.model(documents, batch)[0].detach(), documents.labels[batch])
    (engine.objective.weight * value).backward()
    torch.nn.utils.clip_grad_norm_([parameter], engine.settings.clip_norm)
    optimizer.step()
    torch.manual_seed(0)
    assert engine.step(batch)["loss_metric"] == value
    torch.testing.assert_close(proxies, parameter)


def test_r_drop_is_that_of_its_paper_up_to_a_factor(files):
    """Equation 4 of Liang et al. (2021) with alpha = 1, by torch.distributions."""
    engine, batch = trainer(run_settings(objective("rdrop", "integrated", weight=1 / 3)), files), torch.arange(20)
    documents = engine.splits.train
    labels = documents.labels[batch]
    engine.model.train()
    torch.manual_seed(0)
    passes = [Categorical(logits=engine.model(documents, batch)[1]) for _ in range(2)]
    nll = -sum(one.log_prob(labels) for one in passes)
    divergence = (kl_divergence(*passes) + kl_divergence(*reversed(passes))) / 2
    torch.manual_seed(0)
    step = engine.step(batch, describe=True)
    torch.testing.assert_close(step["loss"], (nll + divergence).mean() / 3)
    assert divergence.mean() > 1e-4, "each pass has its own dropout"
    assert sum(engine.description.values()) == pytest.approx(1)


def test_a_loss_gets_what_it_needs_and_what_it_reports_becomes_columns(files, install, tmp_path):
    install(Confidence)
    settings = run_settings(objective("own", "integrated", epochs=2, class_weights="balanced"))
    epochs = epochs_csv(settings, files, tmp_path)
    assert list(epochs) == [*EPOCH_COLUMNS, "A_share_of_class_0", "confidence"]

    calls = Confidence.last.calls
    assert [len(labels) for _, labels, *_ in calls] == [16, 16, 9] * 2
    all_labels = torch.cat([labels for _, labels, *_ in calls[:3]])
    for embeddings, labels, logits, num_classes, class_weights in calls:
        assert (embeddings.shape, logits.shape, num_classes) == ((len(labels), 32), (len(labels), 3), 3)
        assert torch.equal(class_weights, balanced_weights(all_labels, 3))
    for epoch in (0, 1):
        documents = torch.cat([logits.softmax(dim=1).max(dim=1).values for _, _, logits, *_ in calls[3 * epoch :][:3]])
        assert epochs["confidence"][epoch] == pytest.approx(documents.mean().item(), rel=1e-5)
        assert epochs["loss_metric"][epoch] == pytest.approx(1 - documents.mean().item(), rel=1e-5)
        assert epochs["A_share_of_class_0"][epoch] == pytest.approx((all_labels == 0).float().mean().item())


def test_without_class_weights_a_loss_that_needs_them_gets_none(files, install):
    install(Confidence)
    trainer(run_settings(objective("own", "integrated")), files).step(torch.arange(8))
    assert Confidence.last.calls[0][-1] is None


@pytest.mark.parametrize("forward_passes", [1, 2])
def test_logits_and_embeddings_of_a_loss_are_of_the_same_forward_pass(files, install, forward_passes):
    install(Confidence)
    engine = trainer(run_settings(objective("own", "integrated", forward_passes=forward_passes)), files)
    head = torch.nn.Linear(32, 3)
    head.load_state_dict(engine.model.head.state_dict())
    engine.step(torch.arange(8))
    embeddings, _, logits, *_ = Confidence.last.calls[0]
    torch.testing.assert_close(head(embeddings), logits)


def test_gloss_is_weighted_by_the_class_weights_of_the_study(files):
    settings = run_settings(objective("gloss", loss_settings={"sigma": 0.5}, class_weights="balanced"))
    engine, batch = trainer(settings, files), torch.arange(20)
    documents = engine.splits.train
    weights = balanced_weights(documents.labels, 3)
    torch.manual_seed(0)
    embeddings, _ = engine.model(documents, batch)
    expected = GLoss(sigma=0.5, class_weights=weights)(embeddings, documents.labels[batch], num_classes=3)
    torch.manual_seed(0)
    assert engine.step(batch)["loss_metric"] == expected


def test_a_run_records_tokens_per_second_and_when_resumed_the_seconds_of_all_epochs(files, tmp_path):
    settings = run_settings(objective(None, "integrated", epochs=2), objective_key="ce")
    whole, resumed = (run(settings, files, Checkpoint(tmp_path / "checkpoint", "key")).timing for _ in range(2))
    tokens = int(random_documents(N_TRAIN, 0).lengths.sum())
    assert whole["tokens_per_second"] == pytest.approx(2 * tokens / whole["train_seconds"])
    assert whole["train_seconds"] < resumed["fit_seconds"] == whole["fit_seconds"] < resumed["total_seconds"]


class Needy(ContrastiveLoss):
    needs = frozenset({"weather"})


REFUSED = {
    "logits in the standalone protocol": (
        Confidence, {}, "loss own: protocol standalone found, expected integrated, since the loss needs logits",
    ),
    "a need that nobody can fill": (Needy, {}, "loss own: needs: weather found, expected class_weights, logits, logits_again, num_classes"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_a_loss_that_cannot_be_trained_is_refused_with_one_line(files, install, case):
    loss, loss_settings, message = REFUSED[case]
    install(loss)
    with pytest.raises(TrainingError) as error:
        run(run_settings(objective("own", loss_settings=loss_settings)), files)
    assert str(error.value) == f"made-up/tiny/own/seed-42: {message}"


@pytest.mark.parametrize("of_graph", [False, True])
@pytest.mark.parametrize("name", ["loss", "epoch", "val_macro_f1", "best", "seconds_graph"])
def test_a_report_under_a_name_of_the_engine_is_refused(files, install, name, of_graph):
    class Taken(ContrastiveLoss):
        def report(self, graph=False):
            return {name: torch.zeros(())} if graph == of_graph else {}

    install(Taken)
    with pytest.raises(TrainingError, match=f"Taken.report: {name} found, expected a name that is not taken"):
        run(run_settings(objective("own")), files)


def test_a_loss_may_have_its_parts_timed(files, install):
    class Timed(ContrastiveLoss):
        timer = None

        def forward(self, *arguments):
            with self.timer("graph"):
                return super().forward(*arguments)

    rows = {}
    for loss in (Timed, ContrastiveLoss):
        install(loss)
        rows[loss] = run(run_settings(objective("own", epochs=1)), files).history[0]
    assert rows[Timed]["seconds_graph"] > 0
    assert rows[ContrastiveLoss]["seconds_graph"] == rows[Timed]["seconds_propagation"] == 0


@pytest.mark.parametrize("passes", [1, 2])
def test_an_epoch_describes_the_graph_and_the_gradient_of_its_first_batch(files, passes):
    settings = {"sigma": None, "neighbors": 5.0}
    told = run_settings(objective("gloss", "integrated", settings, weight=0.7, epochs=1, forward_passes=passes))
    (row,) = trainer(told, files).fit().history
    engine = trainer(told, files)
    documents, batch = engine.splits.train, draw_batches(N_TRAIN, 16, 42, 1)[0]
    torch.manual_seed(step_seed(42, 1, 0))
    drawn = [engine.model.train()(documents, batch)[0].detach().requires_grad_() for _ in range(passes)]
    labels, loss_fn = documents.labels[batch], GLoss(neighbors=5, check=False)
    terms = {
        "ce": 0.3 * F.cross_entropy(engine.model.head(drawn[-1]), labels),
        "metric": 0.7 * loss_fn(drawn[0], labels, num_classes=3),
    }
    sizes = {name: torch.autograd.grad(term, drawn[-(name == "ce")])[0].norm().item() for name, term in terms.items()}
    for name, size in sizes.items():
        assert row[f"gradient_share_{name}"] == pytest.approx(size / sum(sizes.values()), rel=1e-4)

    distances = pdist(F.normalize(drawn[0].double()).detach().numpy())
    affinity = np.exp(-(squareform(distances) ** 2) / (2 * row["sigma"] ** 2))
    np.fill_diagonal(affinity, 0)
    share = affinity / affinity.sum(axis=1, keepdims=True)
    entropy = -np.sum(share * np.log(share, where=share > 0, out=np.zeros_like(share)), axis=1)
    assert [row["effective_neighbors"], np.exp(entropy).mean()] == pytest.approx([5, 5], rel=1e-3)
    middle = np.sort(distances)[(len(distances) - 1) // 2]  # the lower one of two
    assert row["sigma_over_median"] == pytest.approx(row["sigma"] / middle, rel=1e-4)
    _, kept = loss_fn.last_split
    labeled = torch.zeros(16, dtype=torch.bool).index_fill(0, kept, True)
    guessed = propagate_labels(drawn[0], labels, labeled, 3, row["sigma"]).argmax(dim=1)
    truth, counts = labels[~labeled], torch.bincount(labels[kept], minlength=3)
    assert row["propagated_accuracy"] == pytest.approx((guessed == truth).double().mean().item())
    assert row["chance_loss"] == pytest.approx(-(counts[truth] / len(kept)).log()[counts[truth] > 0].mean().item())
    assert row["eliminated"] == 0


OWN = """
import torch
FAULT
class Mine(torch.nn.Module):
    def __init__(self, embedding_size, size, kind="a"):
        super().__init__()
        self.size = torch.zeros(size)
    def forward(self, embeddings, labels):
        RETURN
"""
FAULTS = {
    "import": ({"FAULT": "import nowhere"}, {"size": 2}, "ModuleNotFoundError: No module named 'nowhere' (mine.py, line 3)"),
    "class": ({"Mine": "Yours"}, {"size": 2}, "AttributeError: module 'mine' has no attribute 'Mine'"),
    "argument": ({}, {"length": 2}, "TypeError: Mine.__init__() got an unexpected keyword argument 'length'"),
    "call": ({"RETURN": "return embeddings @ labels"}, {"size": 2}, "RuntimeError: "),
    "no scalar": ({"RETURN": "return embeddings.sum(dim=1)"}, {"size": 2}, "ValueError: shape (16,) found, expected a scalar"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_an_error_in_a_loss_from_elsewhere_is_one_line(files, tmp_path, monkeypatch, fault):
    changes, loss_settings, message = FAULTS[fault]
    text = OWN
    for old, new in ({"FAULT": "", "RETURN": "return embeddings.mean()"} | changes).items():
        text = text.replace(old, new)
    (tmp_path / "mine.py").write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path.copy())
    monkeypatch.delitem(sys.modules, "mine", raising=False)
    with pytest.raises(TrainingError) as error:
        run(run_settings(objective("mine:Mine", loss_settings=loss_settings)), files)
    assert f"loss mine:Mine: {message}" in str(error.value)
    assert "\n" not in str(error.value)
    monkeypatch.delitem(sys.modules, "mine", raising=False)
