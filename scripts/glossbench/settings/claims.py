"""The registry of the paper's claims: what each says, what is measured for it, and when it holds."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from glossbench.settings.model import MisfitError, Model, Real, Size
from glossbench.settings.sources import Line
from glossbench.settings.yaml_file import read_registry, read_yaml

KEY = ("C[1-9][0-9]*", "the letter C and a number, as in C1")
Name = Annotated[str, Field(pattern="^[a-z0-9_-]+$", title="a key of a registry or the name of a column")]
Names = Annotated[tuple[Name, ...], Field(min_length=1)]
Column = Annotated[str, Field(pattern="^[a-z0-9_]+$", title="the name of a metric or column")]
Bounds = Annotated[tuple[Real, ...], Field(min_length=2, max_length=2, title="two numbers")]
Counts = Size | Annotated[tuple[Size, ...], Field(min_length=1)]
NEEDED = {
    "cells-won": ("metric", "baselines"),
    "advantage": ("metric", "baselines", "as", "per"),
    "overhead": ("parts", "whole"),
    "best-values": ("metric", "setting", "band"),
    "swings": ("metric", "setting", "baselines"),
}


class Measure(Model):
    """What is measured, and on which objectives."""

    kind: Literal["cells-won", "advantage", "overhead", "best-values", "swings"] = Field(
        description="cells-won: share of cells in which G-Loss has a higher mean than every baseline. advantage: "
        "paired difference from, or ratio to, each baseline; the claim must hold against all of them. overhead: share "
        "of an epoch. best-values: share of cells whose best value of a setting lies in a band. swings: how much more "
        "one setting moves a metric than the others."
    )
    gloss: Names = Field(description="Objectives that represent G-Loss. In a cell, the first that was run is used.")
    baselines: Names | None = Field(None, description="Objectives (swings: settings) to compare with.")
    metric: Column | None = Field(None, description="A test metric without test_, or a column of runs.parquet.")
    as_: Literal["difference", "ratio", "inverse-ratio"] | None = Field(
        None, alias="as", description="How G-Loss and a baseline are compared."
    )
    per: Literal["corpus", "cell"] | None = Field(
        None, description="One independent observation; corpus averages over encoders."
    )
    cap: Column | None = Field(None, description="Column with the metric's largest possible value: a tie.")
    alike: Names | None = Field(None, description="Columns in which both runs of a pair must agree.")
    only: Names | None = Field(None, description="Corpora that the claim is about.")
    setting: Literal["labeled_fraction", "weight", "sigma"] | None = Field(None, description="The setting compared.")
    band: Bounds | None = Field(None, description="Where the best value of the setting is claimed to lie.")
    parts: Names | None = Field(None, description="Columns of epochs.parquet whose sum is the overhead.")
    whole: Column | None = Field(None, description="Column of epochs.parquet that the overhead is a share of.")

    @model_validator(mode="after")
    def _of_its_kind(self) -> Self:
        for name in NEEDED[self.kind]:
            if getattr(self, "as_" if name == "as" else name) is None:
                raise MisfitError(name, "missing")
        return self


class PaperProtocol(Model):
    """How the paper trained, by the columns of runs.parquet."""

    max_length: Size = Field(description="Tokens per document.")
    batch_size: Size = Field(description="Documents per step.")
    max_epochs: Size = Field(description="Most epochs per run.")
    patience: Size = Field(description="Epochs without improvement after which a run stops.")
    pooling: Literal["cls", "mean"] = Field(description="How a document's embedding is made.")
    layers: Literal["all"] = Field(description="Layers of the encoder that are kept.")
    trainable_layers: Literal["all"] = Field(description="Upper layers that are trained.")
    precision: Literal["float32", "bfloat16"] = Field(description="Precision of training.")
    probe: Annotated[tuple[Literal["logistic", "adam"], ...], Field(min_length=1)] = Field(
        description="Linear classifiers that count as the paper's."
    )
    trials: dict[str, Counts] = Field(description="Trials of a search by objective, and default.")
    device: Annotated[str, Field(min_length=1)] = Field(description="Part of the device's name, for claims about time.")

    @model_validator(mode="after")
    def _has_default(self) -> Self:
        if "default" not in self.trials:
            raise MisfitError("trials.default", "missing")
        return self


class Holds(Model):
    """Where the quantity must lie: one of these."""

    above: Real | None = Field(None, description="Above this number.")
    below: Real | None = Field(None, description="Below this number.")
    at_most: Real | None = Field(None, description="This number or less.")
    within: Bounds | None = Field(None, description="Between these two numbers, both included.")

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if len(self.model_fields_set) != 1:
            raise ValueError(f"{', '.join(self.model_fields_set) or 'nothing'} found, expected one condition")
        return self


class Tested(Model):
    """What the paper tested a claim on."""

    corpora: Names = Field(description="Its corpora.")
    encoders: Names = Field(description="Its encoders.")
    protocol: PaperProtocol = Field(description="How it trained.")


class Claim(Model):
    """One claim of the paper."""

    claim: Line = Field(description="What is claimed, in our words.")
    source: Line = Field(description="Table, figure or section of the paper that makes the claim.")
    judged_in: Name = Field(description="Study under results/ whose verdict counts, the nearest to the paper.")
    quantity: Line = Field(description="The number that decides it, in words.")
    measure: Measure = Field(description="What is measured.")
    holds: Holds = Field(description="Where the quantity's whole 95 % interval must lie.")
    shown: Literal["share", "percent", "points", "ratio"] = Field(description="How the number is written.")
    paper: Tested = Field(description="What the paper tested the claim on.")
    published: Real | None = Field(None, description="The paper's value, if its tables do not give it.")
    note: Line | None = Field(None, description="What a reader of the verdict should know.")


def load_claims(config_dir: Path) -> dict[str, Any]:
    """The registry of the paper's claims as it stands in its file, checked.

    Raises:
        SettingsError: The registry is not valid.
    """
    path = config_dir / "claims.yaml"
    read_registry(path, Claim, KEY)
    return read_yaml(path)
