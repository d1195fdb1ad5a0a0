"""Settings of each loss, under the name of its module in ``glossbench.losses``.

A loss is its module there, a model here, and an entry in config/objectives.yaml.
"""

from collections.abc import Collection
from typing import Any, ClassVar, Literal

from pydantic import Field

from glossbench.settings.model import Flag, Model, Positive, Real, Size, Whole, leaves


class LossSettings(Model):
    """Base of the settings of a loss."""

    hidden: ClassVar[tuple[str, ...]] = ()  # settings that are numbers, and columns of no frame

    def arguments(self) -> dict[str, Any]:
        """Keyword arguments of the loss's class."""
        return dict(self)

    @classmethod
    def shown(cls) -> list[str]:
        """The settings that are columns of frames and of tables: those that are numbers."""
        fields = cls.model_fields.items()
        return [name for name, field in fields if leaves(field.annotation) & {int, float} and name not in cls.hidden]


class GLoss(LossSettings):
    """Settings of G-Loss."""

    sigma: Positive | Literal["sqrt", "inflection", "nearest-other-class"] = Field(
        "sqrt", description="Width of the affinity: a number, or the rule that estimates it (D4)."
    )
    sigma_median: Literal["pairs", "full-matrix"] = Field(
        "pairs", description="Distances of the median: i < j, or all (D4)."
    )
    labeled_fraction: Real = Field(0.7, gt=0, lt=1, description="Share of a batch that keeps its labels, gamma.")
    transition: Literal["stochastic", "column"] = Field(
        "stochastic", description="Rows normalised after the columns, or columns only (D3)."
    )
    criterion: Literal["nll", "softmax"] = Field(
        "nll", description="Minus log of the propagated probability, or a softmax over the probabilities (D1)."
    )
    divide_again: Flag = Field(False, description="Divide by the number of evaluation nodes a second time (D2).")
    stratified: Flag = Field(False, description="Keep the label of a document of each class in the batch (D15).")

    def arguments(self) -> dict[str, Any]:
        """Keyword arguments of the loss's class, which knows no estimates of sigma."""
        return {name: value for name, value in self if name != "sigma_median"}


class SupCon(LossSettings):
    """Settings of the supervised contrastive loss."""

    hidden = ("base_temperature",)

    temperature: Positive = Field(0.3, description="tau.")
    base_temperature: Positive | None = Field(
        None, description="The loss is multiplied by tau over this; null does not (D7)."
    )


class Triplet(LossSettings):
    """Settings of the triplet loss."""

    margin: Positive = Field(5, description="alpha, the distance by which negatives should be farther away.")
    squared: Flag = Field(True, description="Squared or plain distances (D6).")
    average: Literal["positive", "all"] = Field("positive", description="Triplets that the mean is over (D6).")


class Cosine(LossSettings):
    """The cosine loss has no settings."""


class Group(LossSettings):
    """Settings of Group Loss."""

    hidden = ("iterations",)

    iterations: Size = Field(1, description="Refinements of the class probabilities, n.")
    anchors_per_class: Whole = Field(2, ge=0, description="Documents of a class in a batch that keep their label, k.")
    temperature: Positive = Field(10, description="The logits are divided by it before their softmax, T.")


LOSSES: dict[str, type[LossSettings]] = {
    "gloss": GLoss,
    "supcon": SupCon,
    "triplet": Triplet,
    "cosine": Cosine,
    "group": Group,
}


class Weight(Model):
    """The setting of every objective of the integrated protocol that has a loss beside cross-entropy."""

    weight: Real = Field(0.5, ge=0, le=1, description="Weight of the loss, lambda; cross-entropy has 1 - lambda.")


def shown_settings(losses: Collection[str]) -> list[str]:
    """The settings of these losses that frames and tables have a column for, in the order of ``LOSSES``."""
    return list(dict.fromkeys(name for loss, model in LOSSES.items() if loss in losses for name in model.shown()))
