"""How settings are searched: where, by what sampler and pruner, and how trials become a choice."""

import math
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from glossbench.settings.model import ByProtocol, Flag, Listed, Model, Positive, Real, Seed, Size, Whole, about

Pruning = Literal["pruned", "never", "complete"]


class _Space(Model):
    used: Real | None = about("Value that runs take instead of the one found (D21).", None, omit_default=True)


class Choices(_Space):
    """Values to choose from."""

    choices: Listed[Real] = about("Values to choose from.")

    @property
    def size(self) -> float:
        """Number of distinct values."""
        return len(self.choices)

    @property
    def values(self) -> tuple[float, ...]:
        """Values that the setting must accept."""
        return self.choices if self.used is None else (self.used, *self.choices)

    def __contains__(self, value: float) -> bool:
        """Whether a trial can have the value."""
        return value in self.choices

    def __str__(self) -> str:
        """What it accepts, in words."""
        return f"one of {', '.join(f'{value:g}' for value in self.choices)}"


class Range(_Space):
    """All values between two, in steps or not."""

    low: Real = about("The smallest value.")
    high: Real = about("The largest value.")
    step: Positive | None = about("Distance between two values.", None, omit_default=True)
    log: Flag = about("Whether values are drawn evenly by their logarithm.", False, omit_default=True)

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

    def __contains__(self, value: float) -> bool:
        """Whether a trial can have the value."""
        steps = 0 if self.step is None else (value - self.low) / self.step
        return self.low <= value <= self.high and math.isclose(steps, round(steps), abs_tol=1e-9)

    def __str__(self) -> str:
        """What it accepts, in words."""
        how = ", logarithmic" if self.log else "" if self.step is None else f" in steps of {self.step:g}"
        return f"{self.low:g} to {self.high:g}{how}"


def _kind(value: Any) -> str | None:
    if isinstance(value, dict):
        each = value.keys() & ByProtocol.model_fields.keys()
        return "each" if each else "choices" if "choices" in value else "range"
    return {Choices: "choices", Range: "range"}.get(type(value), "each" if isinstance(value, ByProtocol) else None)


_either = Annotated[Choices, Tag("choices")] | Annotated[Range, Tag("range")]
_words = Field(title="choices (a list), or low and high (with step or log)")
Space = Annotated[_either, Discriminator(_kind), _words]
SpaceByProtocol = Annotated[_either | Annotated[ByProtocol[Space | None], Tag("each")], Discriminator(_kind), _words]


class _Kind(Model):
    """Options of something that has a kind. The kind alone may be given, and is left out at its default."""

    @model_validator(mode="before")
    @classmethod
    def _of_kind(cls, value: Any) -> Any:
        return {"kind": value} if isinstance(value, str) else value

    @classmethod
    def __get_pydantic_json_schema__(cls, core: Any, handler: Any) -> dict[str, Any]:
        options = handler.resolve_ref_schema(handler(core))
        options.pop("title", None)
        return {"anyOf": [options, options["properties"]["kind"]]}


class Sampler(_Kind):
    """Where the settings of trials come from."""

    kind: Literal["tpe", "random"] = about(
        "The tree-structured Parzen estimator, or draws that depend on the seed, the trial and the setting alone, so "
        "that objectives try the same values of the settings whose space they share.",
        "tpe",
        omit_default=True,
    )
    per_corpus: Flag = about("Whether random draws differ between corpora and encoders.", False, omit_default=True)
    startup_trials: Whole = about("Random trials before the estimator is used.", 10, ge=0)
    candidates: Size = about("Candidates per trial of the estimator.", 24)
    multivariate: Flag = about("Whether the estimator models the settings jointly.", False)


class Pruner(_Kind):
    """What stops a trial early: that it is below the median of finished trials at the same epoch."""

    kind: Literal["median", "none"] = about("Whether trials are stopped.", "median", omit_default=True)
    startup_trials: Whole = about("Complete trials before any trial is stopped.", 3, ge=0)
    warmup_epochs: Whole = about("Epoch of a trial from which on it may be stopped.", 5, ge=0)


class Finals(Model):
    """The best trials of a search, each trained anew with several seeds. The best mean is chosen."""

    trials: Size = about("Trials of distinct settings, by their validation score.", 5)
    seeds: Size = about("Seeds after that of the search.", 3)


SHORT = Field(title="a mapping of options, or the kind alone")


class Search(Model):
    """What a search is given."""

    trials: Size = about("Finished trials of each search.", 15)
    timeout: Positive | None = about("Seconds after which no further trial starts; null is no limit.", None)
    seed: Seed = about("Seed of the sampler and of every trial's training.", 42)
    sampler: Annotated[Sampler, SHORT] = about("Where the settings of trials come from.", Sampler())
    pruner: Annotated[Pruner, SHORT] = about("What stops a trial early.", Pruner())
    finals: Finals | None = about(
        "Best trials trained again with other seeds; null chooses the best trial.", None, omit_default=True
    )
