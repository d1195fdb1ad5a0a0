"""What a claim is, the paper's or our own: what it says, what is measured for it, and when it holds."""

import json
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from glossbench.settings.model import Line, MisfitError, Model, Real, Size, about, canonical, matching

Name = matching("^[a-z0-9_@+=.-]+$", "a key of a registry or an objective, or the name of a column")
Names = Annotated[tuple[Name, ...], Field(min_length=1)]
Column = matching("^[a-z0-9_]+$", "the name of a metric or column")
Bounds = Annotated[tuple[Real, ...], Field(min_length=2, max_length=2, title="two numbers")]
Counts = Size | Annotated[tuple[Size, ...], Field(min_length=1)]
NEEDED = {
    "cells-won": ("metric", "baselines"),
    "advantage": ("metric", "baselines", "effect", "per"),
    "overhead": ("parts", "whole", "forward"),
    "best-values": ("metric", "setting", "band"),
    "swings": ("metric", "setting", "baselines"),
}


class Measure(Model):
    """What is measured, and on which objectives."""

    kind: Literal["cells-won", "advantage", "overhead", "best-values", "swings"] = about(
        "cells-won: share of cells in which G-Loss has a higher mean than every baseline. advantage: "
        "paired difference from, or ratio to, each baseline; the claim must hold against all of them. overhead: share "
        "of an epoch. best-values: share of cells whose best value of a setting lies in a band. swings: how much more "
        "one setting moves a metric than the others."
    )
    gloss: Names = about("Objectives that represent G-Loss. In a cell, the first that was run is used.")
    baselines: Names = about("Objectives (swings: settings) to compare with.", ())
    metric: Column | None = about("A test metric without test_, or a column of runs.parquet.", None)
    effect: Literal["difference", "ratio"] | None = about("How G-Loss and a baseline are compared.", None)
    per: Literal["corpus", "cell"] | None = about("One independent observation; corpus averages over encoders.", None)
    cap: Column | None = about("Column with the metric's largest possible value: a tie.", None)
    alike: Names = about("Columns in which both runs of a pair must agree.", ())
    only: Names = about("Corpora that the claim is about; all if there are none.", ())
    setting: Literal["labeled_fraction", "weight", "sigma"] | None = about("The setting compared.", None)
    band: Bounds | None = about("Where the best value of the setting is claimed to lie.", None)
    parts: Names = about("Columns of epochs.parquet whose sum is the overhead.", ())
    whole: Column | None = about("Column of epochs.parquet that the overhead is a share of.", None)
    forward: Column | None = about("Column of epochs.parquet that is the forward pass without the overhead.", None)
    flat_graphs: bool = about(
        "Whether it is about graphs that carry no information, so that these can decide it.", False
    )

    @model_validator(mode="after")
    def _of_its_kind(self) -> Self:
        for name in NEEDED[self.kind]:
            if not getattr(self, name):
                raise MisfitError(name, "missing")
        return self


class PaperProtocol(Model):
    """How the paper trained, by the columns of runs.parquet."""

    max_length: Size = about("Tokens per document.")
    batch_size: Size = about("Documents per step.")
    max_epochs: Size = about("Most epochs per run.")
    patience: Size = about("Epochs without improvement after which a run stops.")
    pooling: Literal["cls", "mean"] = about("How a document's embedding is made.")
    layers: Literal["all"] = about("Layers of the encoder that are kept.")
    trainable_layers: Literal["all"] = about("Upper layers that are trained.")
    precision: Literal["float32", "bfloat16"] = about("Precision of training.")
    probe: Annotated[tuple[Literal["logistic", "adam"], ...], Field(min_length=1)] = about(
        "Linear classifiers that count as the paper's."
    )
    trials: dict[str, Counts] = about("Trials of a search by objective, and default.")
    device: Annotated[str, Field(min_length=1)] = about("Part of the device's name, for claims about time.")

    @model_validator(mode="after")
    def _has_default(self) -> Self:
        if "default" not in self.trials:
            raise MisfitError("trials.default", "missing")
        return self


class Condition(Model):
    """Where the quantity must lie: one of these."""

    above: Real | None = about("Above this number.", None)
    below: Real | None = about("Below this number.", None)
    at_most: Real | None = about("This number or less.", None)
    within: Bounds | None = about("Between these two numbers, both included.", None)

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if len(self.model_fields_set) != 1:
            raise ValueError(f"{', '.join(self.model_fields_set) or 'nothing'} found, expected one condition")
        return self

    @property
    def condition(self) -> tuple[str, Any]:
        """The comparison, and the number or numbers that it compares with."""
        return next(iter(self.stated().items()))


class PaperGrid(Model):
    """What the paper tested a claim on."""

    corpora: Names = about("Its corpora.")
    encoders: Names = about("Its encoders.")
    protocol: PaperProtocol = about("How it trained.")


class Claim(Model):
    """One claim, of the paper or of our own."""

    claim: Line = about("What is claimed, in our words.")
    source: Line = about("Table, figure or section of the paper, or page of ours, that makes the claim.")
    judged_in: Name = about("Study under results/ whose verdict counts, the nearest to the paper.")
    quantity: Line = about("The number that decides it, in words.")
    measure: Measure = about("What is measured.")
    holds: Condition = about("Where the quantity's whole 95 % interval must lie.")
    format: Literal["share", "percent", "points", "ratio"] = about("How the number is written.")
    paper: PaperGrid = about("What the paper tested the claim on, or others of its kind.")
    published: Real | None = about("The paper's value, if its tables do not give it.", None)
    note: Line | None = about("What a reader of the verdict should know.", None)


def compared_in(claims: dict[str, Claim]) -> list[str]:
    """Keys of the objectives that claims compare, each once."""
    measures = [claim.measure for claim in claims.values()]
    sides = [(one.gloss, () if one.setting else one.baselines) for one in measures]
    return list(dict.fromkeys(key for gloss, baselines in sides for key in (*gloss, *baselines)))


def claims_text(claims: dict[str, Claim]) -> str:
    """Claims as canonical JSON, with what their file states."""
    return canonical({key: claim.model_dump(mode="json", exclude_unset=True) for key, claim in claims.items()})


def claims_of(text: str) -> dict[str, Claim]:
    """The claims in a text that ``claims_text`` made."""
    return {key: Claim.parse(claim, "claims", (key,)) for key, claim in json.loads(text).items()}
