"""Settings of each loss, under the name of its module in ``glossbench.losses``, and of custom losses.

A loss is its module there, a model here, and an entry in config/objectives.yaml. A custom loss is an entry that
names it as ``package.module:Class``; its settings are those of the entry.
"""

import importlib.util
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, create_model

from glossbench.settings.model import Flag, Model, Positive, Real, Size, Whole, about, leaves, scalar

LOSS_RATE = "loss_learning_rate"  # a setting of the engine for losses with parameters
NO_ARGUMENTS = (LOSS_RATE, "sigma_median")  # of a loss's class, which knows no estimates of sigma


class LossSettings(Model):
    """Base of the settings of a loss."""

    path: ClassVar[str | None] = None  # package.module:Class; None is LOSS of the module in glossbench.losses
    hidden: ClassVar[tuple[str, ...]] = ()  # settings that are numbers, and columns of no frame

    def arguments(self) -> dict[str, Any]:
        """Keyword arguments of the loss's class."""
        return {name: value for name, value in self if name not in NO_ARGUMENTS}

    def misfit(self) -> str | None:
        """What does not fit together, although each setting fits by itself; None if all does."""
        return None

    @classmethod
    def columns(cls) -> list[str]:
        """The settings that are columns of frames and of tables: those that are numbers."""
        fields = cls.model_fields.items()
        return [name for name, field in fields if leaves(field.annotation) & {int, float} and name not in cls.hidden]


class GLossSettings(LossSettings):
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
        "Minus log of the propagated probability, or TPN's softmax over the probabilities (D1).", "nll"
    )
    divide_again: Flag = about("Divide by the number of evaluation nodes a second time (D2).", False)
    stratified: Flag = about("Keep the label of a document of each class in the batch (D15).", False)

    def misfit(self) -> str | None:
        if (self.sigma is None) == (self.neighbors is None):
            return f"sigma: {self.sigma} beside neighbors: {self.neighbors} found, expected one of them null"
        return None


class SupConSettings(LossSettings):
    """Settings of the supervised contrastive loss."""

    hidden = ("base_temperature",)

    temperature: Positive = about("tau.", 0.3)
    base_temperature: Positive | None = about("The loss is multiplied by tau over this; null does not (D7).", None)


class TripletSettings(LossSettings):
    """Settings of the triplet loss."""

    margin: Positive = about("alpha, the distance by which negatives should be farther away.", 5)
    squared: Flag = about("Squared or plain distances (D6).", True)
    average: Literal["positive", "all"] = about("Triplets that the mean is over (D6).", "positive")


class CosineSettings(LossSettings):
    """The cosine loss has no settings."""


class GroupSettings(LossSettings):
    """Settings of Group Loss."""

    hidden = ("iterations",)

    iterations: Size = about("Refinements of the class probabilities, n.", 1)
    anchors_per_class: Whole = about("Documents of a class in a batch that keep their label, k.", 2, ge=0)
    temperature: Positive = about("The logits are divided by it before their softmax, T.", 10)


class RDropSettings(LossSettings):
    """R-Drop has no settings besides its weight."""


class ProxySettings(LossSettings):
    """Settings of a loss whose parameters, the proxies of the classes, are trained beside the model."""

    loss_learning_rate: Positive = about("Adam's step size for the proxies; it drops as learning_rate does.", 0.01)


class ProxyAnchorSettings(ProxySettings):
    """Settings of the Proxy Anchor loss (Kim et al. 2020)."""

    path = "pytorch_metric_learning.losses:ProxyAnchorLoss"

    margin: Real = about("Added to similarities with other proxies, taken from those with the own; delta.", 0.1, ge=0)
    alpha: Positive = about("Scale of the similarities.", 32)


class SoftTripleSettings(ProxySettings):
    """Settings of the SoftTriple loss (Qian et al. 2019)."""

    path = "pytorch_metric_learning.losses:SoftTripleLoss"
    hidden = ("la", "gamma")

    centers_per_class: Size = about("Proxies of a class, K.", 10)
    la: Positive = about("Scale of the similarities, lambda.", 20)
    gamma: Positive = about("Temperature of the softmax over the proxies of a class.", 0.1)
    margin: Real = about("Taken from the similarity with the own class, delta.", 0.01, ge=0)


class CustomLoss(LossSettings):
    """Settings of a custom loss: the fields of a subclass."""

    def arguments(self) -> dict[str, Any]:
        """Keyword arguments of the loss's class; whole numbers are integers, whose type JSON does not keep."""
        given = {name: value for name, value in self if name != LOSS_RATE}
        whole = {name for name, value in given.items() if isinstance(value, float) and value.is_integer()}
        return {name: int(value) if name in whole else value for name, value in given.items()}


LOSSES: dict[str, type[LossSettings]] = {
    "gloss": GLossSettings,
    "supcon": SupConSettings,
    "triplet": TripletSettings,
    "cosine": CosineSettings,
    "group": GroupSettings,
    "rdrop": RDropSettings,
    "proxy_anchor": ProxyAnchorSettings,
    "soft_triple": SoftTripleSettings,
}


def is_custom(loss: str | None) -> bool:
    """Whether a loss is a custom one: ``package.module:Class``."""
    return ":" in (loss or "")


def model_of(loss: str | None, given: Mapping[str, Any]) -> type[LossSettings]:
    """The model of a loss's settings; that of a custom loss has the given settings, each of its kind."""
    if not is_custom(loss):
        return LOSSES.get(loss or "", LossSettings)
    values = {name: scalar(value) if isinstance(value, str) else value for name, value in given.items()}
    kinds = {bool: Flag, int: Real, float: Real}
    return _custom_model(loss, *((name, kinds.get(type(value), str), value) for name, value in values.items()))


@cache
def _custom_model(loss: str, *settings: tuple[str, Any, Any]) -> type[LossSettings]:
    fields: dict[str, Any] = {name: (kind, about(f"Of {loss}.", value)) for name, kind, value in settings}
    return create_model("CustomLoss", __base__=CustomLoss, **fields)


def file_of(loss: str) -> Path | None:
    """The file of a custom loss, found as an import would find it, without importing anything; None if there is none.

    It is looked up where Python looks, PYTHONPATH included, and then in the working directory.
    """
    top, *inner = loss.partition(":")[0].split(".")
    spec = importlib.util.find_spec(top) or PathFinder.find_spec(top, [str(Path.cwd())])
    for name in inner:
        spec = spec and PathFinder.find_spec(name, spec.submodule_search_locations or [])
    return Path(spec.origin) if spec and spec.has_location and spec.origin else None


class Weight(Model):
    """The setting of every objective of the integrated protocol that has a loss beside cross-entropy."""

    weight: Real = about("Weight of the loss, lambda; cross-entropy has 1 - lambda.", 0.5, ge=0, le=1)


def setting_columns(models: Iterable[type[LossSettings]]) -> list[str]:
    """The settings of losses that frames and tables have a column for, in the order of ``LOSSES`` and then as given."""
    given = list(models)
    ordered = [model for model in LOSSES.values() if model in given] + given
    return list(dict.fromkeys(name for model in ordered for name in model.columns()))
