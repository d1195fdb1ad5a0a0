"""Settings that shape runs besides their loss: documents, encoder, training, probe, and how settings are searched.

One field is one setting: its type, bounds, default and documentation. config/README.md lists them.
"""

import math
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_serializer, model_validator

from glossbench.settings.model import (
    ByProtocol,
    Distinct,
    Flag,
    Listed,
    Model,
    NotNegative,
    Positive,
    Real,
    Seed,
    Size,
    Whole,
)


class Training(Model):
    """Settings of the training loop. A study sets them for all its runs, a preset or an objective for some."""

    batch_size: Whole = Field(128, ge=2, description="Documents per step, B. It is the size of the graph.")
    micro_batch_tokens: Size | None = Field(
        None, description="Most tokens encoded at once; null is 1,024 on a CPU and 16,384 on CUDA."
    )
    gradient_cache: Flag | None = Field(
        None,
        description="Keep no activations of a micro-batch, and compute them again in the backward pass: a batch, which "
        "is the graph, takes the memory of a micro-batch, and a third more time. null if they do not fit in memory.",
    )
    epochs: Size = Field(200, description="Most epochs per run.")
    patience: Size = Field(10, description="Epochs without a better validation score after which a run stops.")
    tolerance: NotNegative | ByProtocol[NotNegative] = Field(
        ByProtocol[NotNegative](integrated=0, standalone=0.005),
        description="An epoch counts against patience if its score is at most the best minus this.",
    )
    learning_rate: Positive = Field(2e-5, description="Adam's step size.")
    learning_rate_milestones: Distinct[Size] = Field(
        (30,), description="Epochs after which the learning rate drops; [] keeps it."
    )
    learning_rate_drop_factor: Real = Field(0.1, gt=0, le=1, description="Factor of each drop.")
    clip_norm: Positive | ByProtocol[Positive] = Field(
        ByProtocol[Positive](integrated=1, standalone=5), description="Largest norm of the gradient."
    )
    class_weights: Literal["none", "balanced"] = Field(
        "none", description="Of cross-entropy and G-Loss; balanced is N / (C N_c) (D5)."
    )
    forward_passes: Literal[1, 2] = Field(1, description="Per step; with 2, each loss has its own dropout (D8).")
    silhouette_classes: Literal["all", "with-two-documents"] = Field(
        "all", description="Classes that the macro-silhouette averages over; a single document counts as zero (D19)."
    )
    precision: Literal["auto", "float32", "bfloat16"] = Field(
        "auto", description="auto is bfloat16 on CUDA and float32 on a CPU (D23)."
    )
    test_weights: Literal["best", "last"] = Field("best", description="Epoch whose weights are tested (D9).")


class Probe(Model):
    """How embeddings are evaluated: the linear classifier of standalone runs, and the silhouette of test documents."""

    kind: Literal["logistic", "adam"] = Field(
        "logistic", description="Logistic regression, or the published code's layer, 50 steps (D10)."
    )
    C: Listed[Positive] = Field((0.01, 0.1, 1, 10, 100), description="Inverse regularisation strengths to choose from.")
    max_iter: Size = Field(1000, description="Most iterations of its solver.")
    class_weights: Literal["none", "balanced"] = Field(
        "none", description="balanced is N / (C N_c) over training documents (D20)."
    )
    tested_step: Literal["best", "last"] = Field("best", description="Step of the kind adam that is tested (D20).")
    silhouette: Literal["unit-norm", "raw"] = Field(
        "unit-norm", description="Embeddings whose test macro-silhouette is taken (D19)."
    )


class EncoderSettings(Model):
    """How every encoder of a study is used."""

    pooling: Literal["cls", "mean"] = Field(
        "cls", description="Embedding of a document: that of its first token, or the mean."
    )
    layers: Size | None = Field(None, description="Number of the encoder's first layers to keep; null keeps all.")
    trainable_layers: Size | None = Field(
        None, description="Top layers to train; null trains everything, embeddings included."
    )


class Subset(Model):
    """Number of documents of each corpus that runs use, drawn with stratification."""

    train: Annotated[Whole, Field(ge=2)] | None = Field(None, description="Most training documents; null is all.")
    val: Size | None = Field(None, description="Most validation documents; null is all.")
    test: Size | None = Field(None, description="Most test documents; null is all.")
    per_class: Size = Field(1, description="Fewest training documents of a class, or all that it has.")
    seed: Seed = Field(0, description="Seed of the draw.")


class Maps(Model):
    """How test embeddings are projected."""

    seed: Seed = Field(0, description="Seed of the runs and of t-SNE.")
    perplexity: Real = Field(30, gt=0, description="Number of neighbours; at most a third of the documents is used.")
    max_documents: Whole = Field(3000, ge=10, description="Most documents per map, drawn with stratification.")


Pruning = Literal["pruned", "never", "complete"]


class _Space(Model):
    used: Real | None = Field(None, description="Value that runs take instead of the one found (D21).")

    @model_serializer(mode="wrap")
    def _stated(self, make: Any) -> dict[str, Any]:
        return {name: value for name, value in make(self).items() if value is not None and value is not False}


class Choices(_Space):
    """Values to choose from."""

    choices: Listed[Real] = Field(description="Values to choose from.")

    @property
    def size(self) -> float:
        """Number of distinct values."""
        return len(self.choices)

    @property
    def values(self) -> tuple[float, ...]:
        """Values that the setting must accept."""
        return self.choices if self.used is None else (self.used, *self.choices)


class Range(_Space):
    """All values between two, in steps or not."""

    low: Real = Field(description="The smallest value.")
    high: Real = Field(description="The largest value.")
    step: Positive | None = Field(None, description="Distance between two values.")
    log: Flag = Field(False, description="Whether values are drawn evenly by their logarithm.")

    @model_validator(mode="after")
    def _in_order(self) -> "Range":
        if not self.low < self.high:
            raise ValueError(f"low {self.low:g} found, expected less than high {self.high:g}")
        if self.log and self.step is not None:
            raise ValueError("step and log found, expected one of them")
        return self

    @property
    def size(self) -> float:
        """Number of distinct values, infinite without steps."""
        return math.inf if self.step is None else round((self.high - self.low) / self.step) + 1

    @property
    def values(self) -> tuple[float, ...]:
        """Values that the setting must accept."""
        return (self.low, self.high) if self.used is None else (self.used, self.low, self.high)


def _kind(value: Any) -> str | None:
    if isinstance(value, dict):
        each = value.keys() & ByProtocol.model_fields.keys()
        return "each" if each else "choices" if "choices" in value else "range"
    return {Choices: "choices", Range: "range"}.get(type(value), "each" if isinstance(value, ByProtocol) else None)


_either = Annotated[Choices, Tag("choices")] | Annotated[Range, Tag("range")]
_words = Field(title="choices (a list), or low and high (with step or log)")
Space = Annotated[_either, Discriminator(_kind), _words]
SpaceByProtocol = Annotated[_either | Annotated[ByProtocol[Space | None], Tag("each")], Discriminator(_kind), _words]


class Sampler(Model):
    """Options of the tree-structured Parzen estimator."""

    startup_trials: Whole = Field(10, ge=0, description="Random trials before the estimator is used.")
    candidates: Size = Field(24, description="Candidates per trial.")
    multivariate: Flag = Field(False, description="Whether settings are estimated jointly.")


class Pruner(Model):
    """Options of the pruner, which stops a trial that is below the median of finished trials at the same epoch."""

    startup_trials: Whole = Field(3, ge=0, description="Complete trials before any trial is stopped.")
    warmup_epochs: Whole = Field(5, ge=0, description="First epochs of a trial in which it is not stopped.")


class Search(Model):
    """What a search is told."""

    trials: Size = Field(15, description="Finished trials of each search.")
    timeout: Positive | None = Field(None, description="Seconds after which no further trial starts; null is no limit.")
    seed: Seed = Field(42, description="Seed of the sampler and of every trial's training.")
    sampler: Sampler = Field(Sampler(), description="Options of the tree-structured Parzen estimator.")
    pruner: Pruner = Field(Pruner(), description="Options of the pruner.")
