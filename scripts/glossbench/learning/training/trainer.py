"""The training loop of a run: optimiser steps, validation, early stopping, checkpoints."""

import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from glossbench.data.documents import Documents
from glossbench.errors import TrainingError
from glossbench.learning.devices import precision_on
from glossbench.learning.encoder.encoder import Encoder
from glossbench.learning.evaluation.scores import macro_f1, macro_silhouette
from glossbench.learning.training.batches import balanced_weights, draw_balanced_batches, draw_batches, step_seed
from glossbench.learning.training.checkpoints import Checkpoint
from glossbench.learning.training.explaining import explain_custom_loss, explain_out_of_memory
from glossbench.learning.training.inputs import Splits
from glossbench.learning.training.machine import Timer, seconds_elsewhere
from glossbench.learning.training.optimizing import learning_rate_at, make_optimizer, set_learning_rate
from glossbench.learning.training.stopping import EarlyStopping
from glossbench.losses.gradients import gradient_shares
from glossbench.losses.protocol import TIMED_PARTS, describes_graph, needs_of
from glossbench.settings.jobs import Objective
from glossbench.settings.model import SCORES
from glossbench.transfer import to_device

log = logging.getLogger(__name__)
PARTS = ("forward", "backward", "optimizer", *TIMED_PARTS)
# Columns of an epoch that the engine fills itself, with seconds_* and, last, best.
ENGINE_COLUMNS = ("epoch", "loss", "loss_ce", "loss_metric", "learning_rate", "val_macro_f1", "val_macro_silhouette")


class EncoderWithHead(nn.Module):
    """An encoder, and in the integrated protocol a linear head with C outputs on its embeddings."""

    def __init__(self, encoder: Encoder, num_classes: int | None):
        super().__init__()
        self.encoder = encoder
        self.head = nn.Linear(encoder.dimension, num_classes) if num_classes else None

    def forward(self, documents: Documents, indices: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        """Embeddings (B, d) and logits (B, C), or None, of the documents at ``indices`` (B,), or of all."""
        embeddings = self.encoder(documents, indices)
        return embeddings, self.head(embeddings) if self.head is not None else None


@dataclass
class Progress:
    """The state of a run after an epoch, apart from model and optimiser."""

    epoch: int
    stopping: EarlyStopping
    history: list[dict[str, float]] = field(default_factory=list)  # one row per epoch
    best: dict[str, Tensor] = field(default_factory=dict)  # weights of the best epoch
    snapshots: list[Tensor] = field(default_factory=list)  # embeddings (B, d), before the first and after each epoch


@dataclass(eq=False)
class Trainer:
    """Trains a model on an objective; TrainingError if the loss needs what its protocol does not have."""

    model: EncoderWithHead  # on its device, with its initial weights
    # the loss that is added to cross-entropy (integrated) or trained alone (standalone), see
    # ``glossbench.losses.protocol``; None for cross-entropy alone.
    loss: nn.Module | None
    objective: Objective  # protocol, weight and training settings, with their values
    splits: Splits  # documents, on the model's device
    seed: int  # determines, with epoch and step, the order of documents, dropout and label splits
    checkpoint: Checkpoint | None = None  # where to resume from and to save to, or None
    # (B,) positions of training documents whose embeddings are kept before the first and after each epoch, or None.
    snapshot_indices: Tensor | None = None
    # called with each epoch and its validation score; an exception that it raises ends the training.
    after_epoch: Callable[[int, float], None] | None = None
    n_parameters: int = 0  # parameters of the encoder, frozen ones included, for the record of the run

    def __post_init__(self):
        """Make what lasts for all steps: class weights, optimiser, timer."""
        self.settings, self.protocol = self.objective.training, self.objective.protocol
        self.score_name = SCORES[self.protocol]
        self.device = next(self.model.parameters()).device
        self.needs, self.timer = self._needs(), Timer(self.device)
        self.description: dict[str, Tensor] = {}  # of the last batch that was described
        if hasattr(self.loss, "timer"):
            self.loss.timer = self.timer
        if hasattr(self.loss, "check"):  # the trainer says it where a loss is not finite, with its epoch
            self.loss.check = False
        balanced = self.settings.class_weights == "balanced"
        labels, classes = self.splits.train.labels, self.splits.num_classes
        self.class_weights = balanced_weights(labels, classes) if balanced else None
        self.parameters = [p for p in self.model.parameters() if p.requires_grad]
        self.loss_parameters = [] if self.loss is None else [p for p in self.loss.parameters() if p.requires_grad]
        rate = self.objective.value("loss_learning_rate")
        self.optimizer = make_optimizer(self.model, self.settings, self.loss_parameters, rate)

    def fit(self) -> Progress:
        """Train until the epochs or the patience are used up, then load the weights to be tested into the model.

        TrainingError if the loss or the validation score is not finite, or memory runs out.
        """
        progress = Progress(0, EarlyStopping(self.settings.patience, self.settings.tolerance))
        if self.checkpoint is not None and self.checkpoint.load(self.model, self.optimizer, progress, self.loss):
            log.info("resumed after epoch %d", progress.epoch)
        if not progress.snapshots:
            self._take_snapshot(progress)
        while progress.epoch < self.settings.epochs and not progress.stopping.stop:
            progress.epoch += 1
            with explain_out_of_memory(f"epoch {progress.epoch}", self.model.encoder.micro_batch_tokens):
                row = self._epoch(progress.epoch)
                self._take_snapshot(progress)
            score = row[self.score_name]
            row["best"] = progress.stopping.update(score)
            if row["best"]:
                progress.best = {name: value.detach().clone() for name, value in self.model.state_dict().items()}
            progress.history.append(row)
            log.info("%s", self._line(progress))
            if self.checkpoint is not None:
                self.checkpoint.save(self.model, self.optimizer, progress, self.loss)
            if self.after_epoch is not None:
                self.after_epoch(progress.epoch, score)
        if self.settings.test_weights == "best":
            self.model.load_state_dict(progress.best)
        return progress

    @torch.inference_mode()
    def encode(self, documents: Documents, indices: Tensor | None = None) -> tuple[np.ndarray, np.ndarray | None]:
        """Encode documents, or those at some positions, without dropout.

        Returns:
            Embeddings (N, d) and logits (N, C), or None in the standalone protocol, both float32.
        """
        self.model.eval()
        with self._autocast():
            embeddings, logits = self.model(documents, indices)
        return embeddings.float().cpu().numpy(), None if logits is None else logits.float().cpu().numpy()

    def snapshot_arrays(self, progress: Progress) -> dict[str, np.ndarray]:
        """Snapshots: embeddings (epochs + 1, B, d) float16, labels (B,) and doc_ids (B,); empty if none are taken."""
        if self.snapshot_indices is None:
            return {}
        train, indices = self.splits.train, self.snapshot_indices
        return {
            "embeddings": torch.stack(progress.snapshots).cpu().numpy(),
            "labels": train.labels.cpu()[indices].numpy(),
            "doc_ids": np.array([train.doc_ids[i] for i in indices.tolist()]),
        }

    def batches(self, epoch: int) -> list[Tensor]:
        """The batches of an epoch, positions of training documents, on the CPU."""
        train, settings, drawn_by = self.splits.train, self.settings, (self.seed, epoch)
        if settings.batches == "balanced":
            per_class = settings.documents_per_class
            return draw_balanced_batches(train.labels.cpu(), settings.batch_size, per_class, *drawn_by)
        return draw_batches(len(train), settings.batch_size, *drawn_by)

    def step(self, batch: Tensor, describe: bool = False) -> dict[str, Tensor]:
        """Take one optimiser step.

        Args:
            batch: (B,) positions of training documents, on the CPU.
            describe: Keep in ``description`` what the loss says of its graph, and the share of each term in the
                gradient at the embeddings. The step is the same.

        Returns:
            Scalars on the device: the total loss, its terms, and what the loss reports.
        """
        passes = self._forward(batch)
        terms = self._terms(passes, self.splits.train.labels[to_device(batch, self.device)])
        report = self._reported() if hasattr(self.loss, "report") else {}
        weighted, total = {}, terms.get("loss_metric", terms.get("loss_ce"))
        if len(terms) == 2:
            weight = self.objective.weight
            weighted = {"ce": (1 - weight) * terms["loss_ce"], "metric": weight * terms["loss_metric"]}
            total = weighted["ce"] + weighted["metric"]
        if describe:
            self.description = self._reported(graph=True) if describes_graph(self.loss) else {}
            if weighted:
                shares = gradient_shares(weighted, *(embeddings for embeddings, _ in passes))
                self.description |= {f"gradient_share_{name}": share for name, share in shares.items()}
        with self.timer("backward"):
            total.backward()
        with self.timer("optimizer"):
            for parameters in (self.parameters, self.loss_parameters):
                nn.utils.clip_grad_norm_(parameters, self.settings.clip_norm)
            self.optimizer.step()
            self.optimizer.zero_grad(set_to_none=True)
        return {name: value.detach() for name, value in {"loss": total, **terms, **report}.items()}

    def _forward(self, batch: Tensor) -> list[tuple[Tensor, Tensor | None]]:
        """Embeddings (B, d) and logits (B, C), or None in the standalone protocol, of each pass through dropout."""
        twice = self.settings.forward_passes == 2 or "logits_again" in self.needs
        n_passes = 2 if twice and self.loss is not None and self.model.head is not None else 1
        with self.timer("forward"), self._autocast():
            return [self.model(self.splits.train, batch) for _ in range(n_passes)]

    def _terms(self, passes: list[tuple[Tensor, Tensor | None]], labels: Tensor) -> dict[str, Tensor]:
        """The terms of the loss, scalars: cross-entropy where there are logits, and the loss if there is one."""
        (embeddings, logits), (_, again) = passes[0], passes[-1]
        terms = {}
        if logits is not None:
            # A second pass serves cross-entropy alone (D8), except where the loss compares both, as R-Drop does.
            of_ce = [logits, again] if "logits_again" in self.needs else [again]
            smoothing = {"label_smoothing": self.settings.label_smoothing}
            each = [F.cross_entropy(one.float(), labels, self.class_weights, **smoothing) for one in of_ce]
            terms["loss_ce"] = sum(each) / len(each)
        if self.loss is not None:
            available = {
                "logits": None if logits is None else logits.float(),
                "logits_again": None if again is None else again.float(),
                "num_classes": self.splits.num_classes,
                "class_weights": self.class_weights,
            }
            needed = {name: available[name] for name in self.needs}
            with explain_custom_loss(self.objective.loss):
                terms["loss_metric"] = self.loss(embeddings.float(), labels, **needed)
                if terms["loss_metric"].ndim:
                    raise ValueError(f"shape {tuple(terms['loss_metric'].shape)} found, expected a scalar")
        return terms

    def _needs(self) -> frozenset[str]:
        """What the loss needs besides embeddings and labels."""
        try:
            needs = needs_of(self.loss)
        except ValueError as error:
            raise TrainingError(f"loss {self.objective.loss}: {error}") from None
        if needs & {"logits", "logits_again"} and self.protocol != "integrated":
            found = f"protocol {self.protocol} found, expected integrated"
            raise TrainingError(f"loss {self.objective.loss}: {found}, since the loss needs logits")
        return needs

    def _reported(self, **asked: bool) -> dict[str, Tensor]:
        """What the loss reports of its last call."""
        report = self.loss.report(**asked)
        for name in filter(is_engine_column, report):
            loss = type(self.loss).__name__
            raise TrainingError(f"{loss}.report: {name} found, expected a name that is not taken")
        return report

    def _take_snapshot(self, progress: Progress) -> None:
        if self.snapshot_indices is not None:
            embeddings, _ = self.encode(self.splits.train, self.snapshot_indices)
            progress.snapshots.append(torch.from_numpy(embeddings).half())

    def _epoch(self, epoch: int) -> dict[str, float]:
        """Train for one epoch and validate. Returns the epoch's row."""
        settings = self.settings
        self.model.train()
        started, elsewhere = time.perf_counter(), seconds_elsewhere()
        totals: dict[str, Tensor] = {}
        batches = self.batches(epoch)
        n = sum(map(len, batches))
        for step, batch in enumerate(batches):
            rate = learning_rate_at(settings, (epoch - 1) * len(batches) + step, len(batches))
            set_learning_rate(self.optimizer, rate)
            torch.manual_seed(step_seed(self.seed, epoch, step))
            for name, value in self.step(batch, describe=step == 0).items():
                totals[name] = totals.get(name, 0) + value * (len(batch) / n)
        values = {**self.description, **totals}
        means = {name: float(value) for name, value in values.items()}  # one wait for the losses of all steps
        seconds = self.timer.lap()
        trained, elsewhere = time.perf_counter() - started, seconds_elsewhere() - elsewhere
        if not math.isfinite(means["loss"]):
            raise TrainingError(
                f"epoch {epoch}: the loss is {means['loss']}; a smaller learning_rate (now {rate:g}) or clip_norm "
                f"(now {settings.clip_norm:g}) is the first thing to try"
            )
        row = {"epoch": epoch, **means, "learning_rate": rate, self.score_name: self._validate(epoch)}
        row |= {f"seconds_{part}": seconds[part] for part in PARTS}
        row["seconds_other"] = trained - sum(row[f"seconds_{part}"] for part in PARTS)
        row["seconds_validation"] = time.perf_counter() - started - trained
        row |= {"seconds_epoch": trained, "seconds_elsewhere": elsewhere}
        return row

    def _validate(self, epoch: int) -> float:
        documents = self.splits.val
        embeddings, logits = self.encode(documents)
        if not np.isfinite(embeddings if logits is None else logits).all():  # the step after the last loss was too far
            what = "embeddings" if logits is None else "logits"
            advice = "a smaller learning_rate or clip_norm is the first thing to try"
            raise TrainingError(f"epoch {epoch}: {what} are not finite; {advice}")
        labels = documents.labels.cpu().numpy()
        if logits is None:
            score = macro_silhouette(embeddings, labels, self.settings.silhouette_classes)
        else:
            score = macro_f1(labels, logits.argmax(axis=1))
        if not math.isfinite(score):
            found = f"{self.score_name} is {score}"
            raise TrainingError(f"epoch {epoch}: {found}; validation needs two classes with two documents")
        return score

    def _autocast(self) -> torch.autocast:
        lowered = precision_on(self.device, self.settings.precision) == "bfloat16"
        return torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=lowered)

    def _line(self, progress: Progress) -> str:
        """The log's line about the last epoch."""
        row, epochs = progress.history[-1], self.settings.epochs
        seconds = row["seconds_epoch"] + row["seconds_validation"]
        terms = ", ".join(f"{name} {row[f'loss_{name}']:.4f}" for name in ("ce", "metric") if f"loss_{name}" in row)
        reported = "".join(f"  {name} {row[name]:.4f}" for name in row if not is_engine_column(name))
        return (
            f"epoch {progress.epoch}/{epochs}  loss {row['loss']:.4f} ({terms}){reported}  "
            f"{self.score_name} {row[self.score_name]:.4f} (best {progress.stopping.best:.4f})  "
            f"{seconds:.1f} s, at most {seconds * (epochs - progress.epoch):.0f} s left"
        )


def is_engine_column(name: str) -> bool:
    """Whether a value of an epoch comes from the engine, not from what the loss reports."""
    return name in (*ENGINE_COLUMNS, "best") or name.startswith("seconds_")
