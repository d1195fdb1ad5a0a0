"""Settings of each loss, under the name of its module in ``glossbench.losses``.

A loss is its module there, a model here, and an entry in config/objectives.yaml.
"""

from collections.abc import Collection
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from glossbench.settings.model import Flag, Model, Positive, Real, Size, Whole, about, leaves


class LossSettings(Model):
    """Base of the settings of a loss."""

    hidden: ClassVar[tuple[str, ...]] = ()  # settings that are numbers, and columns of no frame

    def arguments(self) -> dict[str, Any]:
        """Keyword arguments of the loss's class."""
        return dict(self)

    def misfit(self) -> str | None:
        """What does not fit together, although each setting fits by itself; None if all does."""
        return None

    @classmethod
    def shown(cls) -> list[str]:
        """The settings that are columns of frames and of tables: those that are numbers."""
        fields = cls.model_fields.items()
        return [name for name, field in fields if leaves(field.annotation) & {int, float} and name not in cls.hidden]


class GLoss(LossSettings):
    """Settings of G-Loss."""

    sigma: Positive | Literal["sqrt", "inflection", "nearest-other-class"] | None = about(
        "Width of the affinity: a number, or the rule that estimates it (D4); null is a width by neighbors.", "sqrt"
    )
    neighbors: Annotated[Real, Field(ge=1)] | None = about(
        "Effective neighbours that the width gives each batch, k, in the place of sigma; not in the paper.", None
    )
    sigma_median: Literal["pairs", "full-matrix"] = about("Distances of the median: i < j, or all (D4).", "pairs")
    labeled_fraction: Real = about("Share of a batch that keeps its labels, gamma.", 0.7, gt=0, lt=1)
    transition: Literal["stochastic", "column"] = about(
        "Rows normalised after the columns, or columns only (D3).", "stochastic"
    )
    criterion: Literal["nll", "softmax"] = about(
        "Minus log of the propagated probability, or a softmax over the probabilities (D1).", "nll"
    )
    divide_again: Flag = about("Divide by the number of evaluation nodes a second time (D2).", False)
    stratified: Flag = about("Keep the label of a document of each class in the batch (D15).", False)

    def arguments(self) -> dict[str, Any]:
        """Keyword arguments of the loss's class, which knows no estimates of sigma."""
        return {name: value for name, value in self if name != "sigma_median"}

    def misfit(self) -> str | None:
        if (self.sigma is None) == (self.neighbors is None):
            return f"sigma: {self.sigma} beside neighbors: {self.neighbors} found, expected one of them null"
        return None


class SupCon(LossSettings):
    """Settings of the supervised contrastive loss."""

    hidden = ("base_temperature",)

    temperature: Positive = about("tau.", 0.3)
    base_temperature: Positive | None = about("The loss is multiplied by tau over this; null does not (D7).", None)


class Triplet(LossSettings):
    """Settings of the triplet loss."""

    margin: Positive = about("alpha, the distance by which negatives should be farther away.", 5)
    squared: Flag = about("Squared or plain distances (D6).", True)
    average: Literal["positive", "all"] = about("Triplets that the mean is over (D6).", "positive")


class Cosine(LossSettings):
    """The cosine loss has no settings."""


class Group(LossSettings):
    """Settings of Group Loss."""

    hidden = ("iterations",)

    iterations: Size = about("Refinements of the class probabilities, n.", 1)
    anchors_per_class: Whole = about("Documents of a class in a batch that keep their label, k.", 2, ge=0)
    temperature: Positive = about("The logits are divided by it before their softmax, T.", 10)


LOSSES: dict[str, type[LossSettings]] = {
    "gloss": GLoss,
    "supcon": SupCon,
    "triplet": Triplet,
    "cosine": Cosine,
    "group": Group,
}


class Weight(Model):
    """The setting of every objective of the integrated protocol that has a loss beside cross-entropy."""

    weight: Real = about("Weight of the loss, lambda; cross-entropy has 1 - lambda.", 0.5, ge=0, le=1)


def shown_settings(losses: Collection[str]) -> list[str]:
    """The settings of these losses that frames and tables have a column for, in the order of ``LOSSES``."""
    return list(dict.fromkeys(name for loss, model in LOSSES.items() if loss in losses for name in model.shown()))
