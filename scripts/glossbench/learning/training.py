"""The training loop: one run, from settings and documents to best weights and encoded splits."""

import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from glossbench.data.documents import Documents
from glossbench.errors import TrainingError
from glossbench.learning.checkpoints import Checkpoint
from glossbench.learning.encoder import Encoder
from glossbench.learning.memory import memory_named
from glossbench.learning.metrics import macro_f1, macro_silhouette
from glossbench.learning.stopping import EarlyStopping
from glossbench.learning.timer import Stopwatch

log = logging.getLogger(__name__)
PARTS = ("forward", "backward", "optimizer", "graph", "propagation")


@dataclass(frozen=True)
class Splits:
    """The documents that a run reads; a search reads no test documents, which are None then."""

    train: Documents
    val: Documents
    test: Documents | None
    num_classes: int


class Model(nn.Module):
    """Encoder, and in the integrated protocol a linear head (E x C) on its embeddings."""

    def __init__(self, encoder: Encoder, num_classes: int | None):
        super().__init__()
        self.encoder = encoder
        self.head = nn.Linear(encoder.dimension, num_classes) if num_classes else None

    def forward(self, documents: Documents, indices: Tensor) -> tuple[Tensor, Tensor | None]:
        """Embeddings (B, d) and logits (B, C) or None."""
        embeddings = self.encoder(documents, indices)
        return embeddings, self.head(embeddings) if self.head is not None else None


@dataclass
class Progress:
    """Where a run stands after an epoch: all that must outlive a kill."""

    epoch: int
    stopping: EarlyStopping
    history: list[dict[str, float]] = field(default_factory=list)
    best: dict[str, Tensor] = field(default_factory=dict)
    snapshots: list[Tensor] = field(default_factory=list)


class Trainer:
    """Trains a model on an objective.

    Args:
        model: on its device, its start already drawn.
        loss: the loss beside cross-entropy (integrated) or the loss itself (standalone); None for cross-entropy alone.
        objective: protocol, weight and training settings, as ``Study.objective`` gives them.
        splits: documents, on the model's device.
        seed: with epoch and step it fixes the order of documents, dropout and label splits.
        checkpoint: where to keep what must outlive a kill, or None.
        watched: positions (B,) of training documents whose embeddings are kept before the first and after each epoch.
        after_epoch: called with each epoch and its validation score; what it raises ends the training.
    """

    def __init__(
        self,
        model: Model,
        loss: nn.Module | None,
        objective: dict[str, Any],
        splits: Splits,
        seed: int,
        checkpoint: Checkpoint | None = None,
        watched: Tensor | None = None,
        after_epoch: Callable[[int, float], None] | None = None,
    ):
        self.model, self.loss, self.splits, self.seed = model, loss, splits, seed
        self.protocol, self.weight = objective["protocol"], objective["weight"] or 0.0
        self.settings = objective["training"]
        self.checkpoint, self.watched, self.after_epoch = checkpoint, watched, after_epoch
        self.device = next(model.parameters()).device
        self.watch = Stopwatch(self.device)
        if loss is not None and hasattr(loss, "section"):
            loss.section = self.watch
        self.class_weights = None
        if self.settings["class_weights"] == "balanced":
            self.class_weights = balanced_weights(splits.train.labels, splits.num_classes)
        self.parameters = [p for p in model.parameters() if p.requires_grad]
        self.optimizer = torch.optim.Adam(self.parameters, lr=self.settings["learning_rate"], fused=True)

    def fit(self) -> Progress:
        """Train until the epochs or the patience are used up, then put the weights to be tested into the model."""
        progress = self._resume()
        if not progress.snapshots:
            self._watch(progress)
        while progress.epoch < self.settings["epochs"] and not progress.stopping.stop:
            progress.epoch += 1
            with memory_named(f"epoch {progress.epoch}", self.model.encoder.micro_batch_size):
                row = self._epoch(progress.epoch)
                self._watch(progress)
            score = row[self.score_name]
            row["best"] = progress.stopping.update(score)
            if row["best"]:
                progress.best = {name: value.detach().clone() for name, value in self.model.state_dict().items()}
            progress.history.append(row)
            log.info("%s", self._line(progress))
            if self.checkpoint is not None:
                self.checkpoint.save(self.model, self.optimizer, progress)
            if self.after_epoch is not None:
                self.after_epoch(progress.epoch, score)
        if self.settings["test_weights"] == "best":
            self.model.load_state_dict(progress.best)
        return progress

    @property
    def score_name(self) -> str:
        return "val_macro_f1" if self.protocol == "integrated" else "val_macro_silhouette"

    @torch.inference_mode()
    def encode(self, documents: Documents, indices: Tensor | None = None) -> tuple[np.ndarray, np.ndarray | None]:
        """Embeddings (N, d) and logits (N, C) or None of all documents or those at ``indices``, float32, no dropout."""
        self.model.eval()
        with self._autocast():
            embeddings, logits = self.model(documents, torch.arange(len(documents)) if indices is None else indices)
        return embeddings.float().cpu().numpy(), None if logits is None else logits.float().cpu().numpy()

    def watched_batch(self, progress: Progress) -> dict[str, np.ndarray]:
        """Embeddings (epochs + 1, B, d) float16 of the watched documents, their labels and ids; empty without any."""
        if self.watched is None:
            return {}
        train = self.splits.train
        return {
            "embeddings": torch.stack(progress.snapshots).cpu().numpy(),
            "labels": train.labels.cpu().numpy()[self.watched.numpy()],
            "doc_ids": np.array([train.doc_ids[i] for i in self.watched.tolist()]),
        }

    def _watch(self, progress: Progress) -> None:
        if self.watched is not None:
            embeddings, _ = self.encode(self.splits.train, self.watched)
            progress.snapshots.append(torch.from_numpy(embeddings).half())

    def _resume(self) -> Progress:
        stopping = EarlyStopping(self.settings["patience"], self.settings["tolerance"])
        progress = Progress(0, stopping)
        if self.checkpoint is not None and self.checkpoint.load(self.model, self.optimizer, progress):
            log.info("resumed after epoch %d", progress.epoch)
        return progress

    def _epoch(self, epoch: int) -> dict[str, float]:
        settings = self.settings
        drops = (epoch - 1) // settings["learning_rate_drop_epoch"]
        rate = settings["learning_rate"] * settings["learning_rate_drop_factor"] ** drops
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.model.train()
        started = time.perf_counter()
        batches = draw_batches(len(self.splits.train), settings["batch_size"], self.seed, epoch)
        totals: dict[str, Tensor] = {}
        for step, batch in enumerate(batches):
            torch.manual_seed(step_seed(self.seed, epoch, step))
            for name, value in self._step(batch).items():
                totals[name] = totals.get(name, 0) + value * (len(batch) / len(self.splits.train))
        means = {name: float(value) for name, value in totals.items()}  # the epoch's one wait for the device
        seconds = self.watch.lap()
        trained = time.perf_counter() - started
        if not math.isfinite(means["loss"]):
            raise TrainingError(
                f"epoch {epoch}: the loss is {means['loss']}; a smaller learning_rate (now {rate:g}) or clip_norm "
                f"(now {settings['clip_norm']:g}) is the first thing to try"
            )
        score = self._validate(epoch)
        row = {"epoch": epoch, **means, "learning_rate": rate, self.score_name: score}
        row.update({f"seconds_{part}": seconds.get(part, 0.0) for part in PARTS})
        row["seconds_other"] = trained - sum(seconds.values())
        row["seconds_validation"] = time.perf_counter() - started - trained
        row["seconds_epoch"] = trained
        return row

    def _step(self, batch: Tensor) -> dict[str, Tensor]:
        """One optimiser step on the documents at ``batch`` (B,). Returns the loss terms, still on the device."""
        documents = self.splits.train
        with self.watch("forward"), self._autocast():
            embeddings, logits = self.model(documents, batch)
            if self.settings["forward_passes"] == 2 and self.loss is not None and logits is not None:
                _, logits = self.model(documents, batch)
        terms = self._loss_terms(embeddings, logits, documents.labels[batch.to(self.device, non_blocking=True)])
        with self.watch("backward"):
            terms["loss"].backward()
        with self.watch("optimizer"):
            nn.utils.clip_grad_norm_(self.parameters, self.settings["clip_norm"])
            self.optimizer.step()
            self.optimizer.zero_grad(set_to_none=True)
        return {name: value.detach() for name, value in terms.items()}

    def _loss_terms(self, embeddings: Tensor, logits: Tensor | None, labels: Tensor) -> dict[str, Tensor]:
        terms = {}
        if logits is not None:
            terms["loss_ce"] = F.cross_entropy(logits.float(), labels, weight=self.class_weights)
        if self.loss is not None:
            known = {"num_classes": self.splits.num_classes} if hasattr(self.loss, "section") else {}
            terms["loss_metric"] = self.loss(embeddings.float(), labels, **known)
        if self.protocol == "standalone":
            total = terms["loss_metric"]
        elif self.loss is None:
            total = terms["loss_ce"]
        else:
            total = (1 - self.weight) * terms["loss_ce"] + self.weight * terms["loss_metric"]
        left_out = getattr(self.loss, "left_out", None)
        if left_out is not None:
            terms["left_out_share"] = left_out
        return {"loss": total, **terms}

    def _validate(self, epoch: int) -> float:
        documents = self.splits.val
        embeddings, logits = self.encode(documents)
        labels = documents.labels.cpu().numpy()
        score = macro_silhouette(embeddings, labels) if logits is None else macro_f1(labels, logits.argmax(axis=1))
        if not math.isfinite(score):
            raise TrainingError(
                f"epoch {epoch}: {self.score_name} is {score}; validation needs two classes with two documents"
            )
        return score

    def _autocast(self) -> torch.autocast:
        return torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.device.type == "cuda")

    def _line(self, progress: Progress) -> str:
        row, epochs = progress.history[-1], self.settings["epochs"]
        seconds = row["seconds_epoch"] + row["seconds_validation"]
        terms = ", ".join(f"{name.removeprefix('loss_')} {row[name]:.4f}" for name in row if name.startswith("loss_"))
        left_out = f"  left out {row['left_out_share']:.1%}" if "left_out_share" in row else ""
        return (
            f"epoch {progress.epoch}/{epochs}  loss {row['loss']:.4f} ({terms}){left_out}  "
            f"{self.score_name} {row[self.score_name]:.4f} (best {progress.stopping.best:.4f})  "
            f"{seconds:.1f} s, at most {seconds * (epochs - progress.epoch):.0f} s left"
        )


def draw_batches(n: int, batch_size: int, seed: int, epoch: int) -> list[Tensor]:
    """Positions 0 .. n - 1 in an order drawn from (seed, epoch), cut into batches; a last one of one is merged."""
    order = torch.from_numpy(np.random.default_rng([seed, epoch]).permutation(n))
    batches = list(order.split(batch_size))
    if len(batches) > 1 and len(batches[-1]) == 1:
        batches[-2:] = [torch.cat(batches[-2:])]
    return batches


def step_seed(*parts: int) -> int:
    """A seed for torch made of (seed, epoch, step)."""
    return int(np.random.SeedSequence(parts).generate_state(1, np.uint64)[0] >> 1)


def balanced_weights(labels: Tensor, num_classes: int) -> Tensor:
    """N / (C N_c) for each class c of the training labels (N,), zero for a class without documents. (C,) float32."""
    counts = torch.bincount(labels, minlength=num_classes).double()
    return torch.where(counts > 0, len(labels) / (num_classes * counts.clamp(min=1)), 0.0).float()
