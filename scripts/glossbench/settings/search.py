"""How settings are searched: spaces, the sampler and the pruner."""

import math
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_serializer, model_validator

from glossbench.settings.model import ByProtocol, Flag, Listed, Model, Positive, Real, Seed, Size, Whole

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
