"""Settings that shape runs besides their loss: documents, encoder, training and probe.

One field is one setting: its type, bounds, default and documentation. config/README.md lists them.
"""

from typing import Annotated, Literal

from pydantic import Field

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
    about,
)


class Training(Model):
    """Settings of the training loop. A study sets them for all its runs, a preset or an objective for some."""

    batch_size: Whole = about("Documents per step, B. It is the size of the graph.", 128, ge=2)
    micro_batch_tokens: Size | None = about(
        "Most tokens encoded at once; null is 1,024 on a CPU and 16,384 on CUDA.", None
    )
    gradient_cache: Flag | None = about(
        "Keep no activations of a micro-batch, and compute them again in the backward pass: a batch, which "
        "is the graph, takes the memory of a micro-batch, and a third more time. null if they do not fit in memory.",
        None,
    )
    epochs: Size = about("Most epochs per run.", 200)
    patience: Size = about("Epochs without a better validation score after which a run stops.", 10)
    tolerance: NotNegative | ByProtocol[NotNegative] = about(
        "An epoch counts against patience if its score is at most the best minus this.",
        ByProtocol[NotNegative](integrated=0, standalone=0.005),
    )
    learning_rate: Positive = about("Adam's step size.", 2e-5)
    optimizer: Literal["adam", "adamw"] = about(
        "adam adds weight decay to the gradient; adamw applies it to the weights.", "adam", omit_default=True
    )
    weight_decay: NotNegative = about(
        "Weight decay of weight matrices; biases and norms have none.", 0, omit_default=True
    )
    warmup_fraction: Real = about(
        "Share of all steps in which the learning rate rises from 0.", 0, ge=0, lt=1, omit_default=True
    )
    schedule: Literal["milestones", "linear", "cosine"] = about(
        "How the learning rate falls: at milestones, or in every step to 0 after the last epoch.",
        "milestones",
        omit_default=True,
    )
    layer_decay: Real = about(
        "Factor of the learning rate per layer from the top down, embeddings last.", 1, gt=0, le=1, omit_default=True
    )
    learning_rate_milestones: Distinct[Size] = about("Epochs after which the learning rate drops; [] keeps it.", (30,))
    learning_rate_drop_factor: Real = about("Factor of each drop.", 0.1, gt=0, le=1)
    clip_norm: Positive | ByProtocol[Positive] = about(
        "Largest norm of the gradient.", ByProtocol[Positive](integrated=1, standalone=5)
    )
    class_weights: Literal["none", "balanced"] = about(
        "Weights of the classes in cross-entropy and G-Loss; balanced is N / (C N_c) (D5).", "none"
    )
    label_smoothing: Real = about(
        "Share of a target that all classes share, in cross-entropy.", 0, ge=0, lt=1, omit_default=True
    )
    dropout: Real | None = about(
        "Dropout in the encoder's layers; null is that of its configuration.", None, ge=0, lt=1, omit_default=True
    )
    batches: Literal["uniform", "balanced"] = about(
        "Documents in random order, or classes in random order with documents_per_class of each.",
        "uniform",
        omit_default=True,
    )
    documents_per_class: Size = about(
        "Documents of each class in a balanced batch, m; at most half of it.", 4, omit_default=True
    )
    forward_passes: Literal[1, 2] = about(
        "Forward passes per step; with 2, cross-entropy has a pass, and so a dropout mask, of its own (D8).", 1
    )
    silhouette_classes: Literal["all", "with-two-documents"] = about(
        "Classes that the macro-silhouette averages over; a single document counts as zero (D19).", "all"
    )
    precision: Literal["auto", "float32", "bfloat16"] = about(
        "auto is bfloat16 on CUDA and float32 on a CPU (D23).", "auto"
    )
    test_weights: Literal["best", "last"] = about("Epoch whose weights are tested (D9).", "best")


class Probe(Model):
    """How embeddings are evaluated: the linear classifier of standalone runs, and the silhouette of test documents."""

    kind: Literal["logistic", "adam"] = about(
        "Logistic regression, or the published code's layer, 50 steps (D10).", "logistic"
    )
    C: Listed[Positive] = about("Inverse regularisation strengths to choose from.", (0.01, 0.1, 1, 10, 100))
    max_iter: Size = about("Most iterations of its solver.", 1000)
    class_weights: Literal["none", "balanced"] = about(
        "Weights of the classes in its training; balanced is N / (C N_c) over training documents (D20).", "none"
    )
    tested_step: Literal["best", "last"] = about("Step of the kind adam that is tested (D20).", "best")
    silhouette: Literal["unit-norm", "raw"] = about(
        "Embeddings whose test macro-silhouette is taken (D19).", "unit-norm"
    )


class EncoderSettings(Model):
    """How every encoder of a study is used."""

    pooling: Literal["cls", "mean"] = about("Embedding of a document: that of its first token, or the mean.", "cls")
    layers: Size | None = about("Number of the encoder's first layers to keep; null keeps all.", None)
    trainable_layers: Size | None = about("Top layers to train; null trains everything, embeddings included.", None)


class Subset(Model):
    """Number of documents of each corpus that runs use, drawn with stratification."""

    train: Annotated[Whole, Field(ge=2)] | None = about("Most training documents; null is all.", None)
    val: Size | None = about("Most validation documents; null is all.", None)
    test: Size | None = about("Most test documents; null is all.", None)
    per_class: Size = about("Fewest training documents of a class, or all that it has.", 1)
    seed: Seed = about("Seed of the draw.", 0)
    draw: Literal["study", "seed"] = about(
        "study: the same documents for all seeds; seed: each seed of runs and searches draws its own, so that "
        "intervals over seeds hold the draw.",
        "study",
        omit_default=True,
    )


class Maps(Model):
    """How test embeddings are projected."""

    seed: Seed = about("Seed of the runs and of t-SNE.", 0)
    perplexity: Real = about("Number of neighbours; at most a third of the documents is used.", 30, gt=0)
    max_documents: Whole = about("Most documents per map, drawn with stratification.", 3000, ge=10)
