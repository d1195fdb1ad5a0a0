"""The base of all settings: frozen models with one-line errors, and text that is the same for equal settings."""

import json
import math
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Generic, Literal, Self, TypeVar, get_args, get_origin

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    Strict,
    ValidationError,
    create_model,
    field_validator,
)
from pydantic_core import PydanticCustomError

from glossbench.errors import SettingsError
from glossbench.settings.messages import DIGITS, message_of, quoted


def about(description: str, default: Any = ..., omit_default: bool = False, **more: Any) -> Any:
    """A field of a model, with its documentation.

    Args:
        omit_default: Whether JSON leaves the field out at its default, so that settings from before the field stay
            equal.
    """
    if omit_default:
        more["exclude_if"] = lambda value: value == default
    return Field(default, description=description, **more)


def matching(pattern: str, title: str) -> Any:
    """Text that a regular expression matches; the title says in words what it accepts."""
    return Annotated[str, Field(pattern=pattern, title=title)]


def _distinct(values: tuple) -> tuple:
    for place, value in enumerate(values):
        if value in values[:place]:
            raise ValueError(f"{quoted(value)} is listed twice")
    return values


# Strict, so that true is not 1 and 1 is not true. Text and 1.0 are converted before; see ``Model``.
Whole = Annotated[int, Strict()]
Real = Annotated[float, Strict(), Field(allow_inf_nan=False)]
Flag = Annotated[bool, Strict()]
Size = Annotated[Whole, Field(ge=1)]
Positive = Annotated[Real, Field(gt=0)]
NotNegative = Annotated[Real, Field(ge=0)]
Seed = Annotated[Whole, Field(ge=0, le=2**32 - 1)]
Text = Annotated[str, Field(max_length=200)]
Protocol = Literal["integrated", "standalone"]
UNTUNED = "untuned"  # the protocol of objectives that fine-tune nothing; their runs have no epochs
SPLITS = ("train", "val", "test")
NEARBY = ("x0.9", "x1.1")  # the steps of the sensitivity analysis (F8), too close to each other for a heat map
SCORES = {"integrated": "val_macro_f1", "standalone": "val_macro_silhouette"}  # what runs and searches are chosen by
Line = matching(r"^[^\r\n]+$", "one line of text")
T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)
DISTINCT = AfterValidator(_distinct)
Distinct = Annotated[tuple[T, ...], Field(json_schema_extra={"uniqueItems": True}), DISTINCT]
Listed = Annotated[tuple[T, ...], Field(min_length=1, json_schema_extra={"uniqueItems": True}), DISTINCT]


class Model(BaseModel):
    """Settings that cannot be changed and that have no keys but their fields.

    Text is converted where a field takes none: Snakemake's ``--config`` gives everything inside a list or mapping as
    text, and YAML reads 2e-5 as text. Where a whole number is asked for, 1.0 becomes 1.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    @field_validator("*", mode="before")
    @classmethod
    def _convert(cls, value: Any, info: Any) -> Any:
        return _converted(value, leaves(cls.model_fields[info.field_name].annotation))

    @classmethod
    def parse(cls, value: Any, source: str, path: tuple[str | int, ...] = ()) -> Self:
        """The settings in a mapping, as parsed from YAML or JSON.

        SettingsError if it is not valid; the line names its file, ``source``, and below ``path`` the key.
        """
        try:
            return cls.model_validate(value)
        except ValidationError as error:
            message = message_of(error.errors(include_url=False), cls, path)
            raise SettingsError(f"{source}: {message}") from None

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The settings in a text that ``to_json`` made."""
        return cls.parse(json.loads(text), cls.__name__)

    def to_json(self) -> str:
        """The settings as canonical JSON; see ``canonical``."""
        return canonical(self.model_dump(mode="json"))

    def stated(self) -> dict[str, Any]:
        """The fields that were given, by name; the others have their defaults."""
        return {name: getattr(self, name) for name in self.model_fields_set}


@cache
def some_of(*models: type[Model], by_protocol: bool = False) -> type[Model]:
    """A model with the fields of others, none of which must be given, and with ``by_protocol`` one per protocol may."""
    fields: dict[str, Any] = {}
    for name, field in [item for model in models for item in model.model_fields.items()]:
        kind = Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
        if by_protocol and not any(issubclass(leaf, ByProtocol) for leaf in leaves(field.annotation)):
            kind = kind | ByProtocol[kind]
        fields[name] = (kind, Field(None, title=field.title, description=field.description))
    return create_model("Some", __base__=Model, **fields)


class MisfitError(PydanticCustomError):
    """A value that its own type accepts, but not beside the others; ``field`` is ``outer.inner`` for one of a field."""

    def __new__(cls, field: str, message: str) -> "MisfitError":
        return super().__new__(cls, "misfit", "{message}", {"path": field.split("."), "message": message})


class ByProtocol(Model, Generic[T]):
    """A value for each protocol that fine-tunes."""

    integrated: T = about("For the integrated protocol.")
    standalone: T = about("For the standalone protocol.")


def part_of(model: type[M], settings: Any, **more: Any) -> M:
    """A model with its fields' values in other settings, a model or a mapping, and in ``more``."""
    values = {**dict(settings), **more}
    return model(**{name: values[name] for name in model.model_fields if name in values})


def value_for_protocol(value: Any, protocol: str) -> Any:
    """A value, or where there is one per protocol that of ``protocol``."""
    return getattr(value, protocol) if isinstance(value, ByProtocol) else value


def canonical(value: Any) -> str:
    """JSON text that is the same for equal values: keys are sorted, and 1.0 is written as 1, but 1e30 as it is."""
    return json.dumps(_with_integers(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def scalar(text: str) -> Any:
    """Text as a finite number, True or False, or else the text itself. Unlike in YAML, 1e-3 is a number."""
    if text in ("true", "false"):
        return text == "true"
    for kind in (int, float):
        try:
            number = kind(text)
        except ValueError:
            continue
        return number if _is_finite(number) else text
    return text


def _is_finite(number: float) -> bool:
    return abs(number) < 10**DIGITS if isinstance(number, int) else math.isfinite(number)


def _with_integers(value: Any) -> Any:
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json")
    if isinstance(value, Mapping):
        return {str(key): _with_integers(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_with_integers(item) for item in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < 10**DIGITS:  # else it would not be read again
        return int(value)
    return value


@cache
def leaves(annotation: Any) -> frozenset[type]:
    """Types of the values in an annotation, those in lists, mappings and unions included; keys are left out."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return leaves(arguments[0])
    if origin is Literal:
        return frozenset(map(type, arguments)) - {str}
    if isinstance(origin, type) and issubclass(origin, Mapping):
        arguments = arguments[1:]
    if arguments:
        return frozenset().union(*map(leaves, arguments))
    return frozenset({annotation}) if isinstance(annotation, type) else frozenset()


def _converted(value: Any, kinds: frozenset[type]) -> Any:
    if isinstance(value, (list, tuple)):
        return [_converted(item, kinds) for item in value]
    if isinstance(value, dict):  # a model converts what is in it by itself
        has_model = any(issubclass(leaf, Model) for leaf in kinds)
        return value if has_model else {key: _converted(item, kinds) for key, item in value.items()}
    if isinstance(value, str) and not kinds & {str, Any}:
        value = None if value in ("null", "None") else scalar(value)
    if isinstance(value, float) and value.is_integer() and int in kinds and float not in kinds:
        value = int(value)
    if isinstance(value, int) and not _is_finite(value):
        raise PydanticCustomError("digits", "too many digits")
    return value
