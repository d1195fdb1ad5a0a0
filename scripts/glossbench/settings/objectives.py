"""The registries of objectives and presets."""

import json
import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, create_model, model_validator

from glossbench.settings.losses import LOSSES, LossSettings, Weight, is_custom, model_of
from glossbench.settings.messages import must_be_known, quoted
from glossbench.settings.model import UNTUNED, ByProtocol, MisfitError, Model, Protocol, about, canonical, some_of
from glossbench.settings.search import Choices, Pruning, Range, Space, SpaceByProtocol
from glossbench.settings.training import Probe, Training
from glossbench.settings.yaml_file import read_registry

NAME = re.compile("[a-z][a-z_]*")  # of a setting in a key
CUSTOM = re.compile(r"([^\W\d][\w-]*\.)*[^\W\d][\w-]*:[^\W\d]\w*")
KEY = ("[a-z0-9][a-z0-9-]*", "lower-case letters, digits and hyphens, at most 60")
Colour = Literal[
    "grey", "orange", "green", "purple", "blue", "vermilion", "black", "sky", "brown", "olive", "maroon", "teal",
    "navy", "rose", "mint",
]  # fmt: skip
OwnSpace = Annotated[
    Literal["preset"] | Space, Field(title="the word preset, choices (a list), or low and high (with step or log)")
]


class ObjectiveEntry(Model):
    """What an encoder can be trained for, or a classifier that fine-tunes nothing."""

    title: str = about("Name in tables, figures and the report, which keep the registry's order.")
    protocol: Literal["integrated", "standalone", "untuned"] = about(
        "Encoder and head are trained, the encoder alone, or nothing."
    )
    loss: str | None = about(
        "Loss of glossbench, or package.module:Class of any torch.nn.Module; null is cross-entropy alone."
    )
    classifier: Literal["tfidf", "frozen"] | None = about("Module of glossbench/learning/untuned/.", None)
    family: str | None = about("Loss that it is an instance of; null is its own.", None)
    color: Colour | None = about("Colour in figures; null is one that no other has.", None)
    preset: str = about("Preset that applies if the objective key names none.", "paper")
    settings: dict[str, Any] = about("Settings of the loss and of training, and weight (lambda).", {})
    search: dict[str, OwnSpace] = about("Searched settings with their space, or `preset` for the preset's.", {})

    @model_validator(mode="after")
    def _of_its_protocol(self) -> Self:
        if self.protocol == UNTUNED and self.classifier is None:
            raise MisfitError("classifier", "missing")
        why = "since an untuned objective is not fine-tuned"
        refused = {"loss": f"null, {why}", "settings": f"nothing, {why}", "search": f"nothing, {why}"}
        if self.protocol != UNTUNED:
            refused = {"classifier": "null, since only the protocol untuned has one"}
        for name, wanted in refused.items():
            if getattr(self, name) not in (None, {}):
                raise MisfitError(name, f"{quoted(getattr(self, name))} found, expected {wanted}")
        if is_custom(self.loss) and not CUSTOM.fullmatch(self.loss):
            raise MisfitError("loss", f"{quoted(self.loss)} found, expected package.module:Class")
        for name, value in self.settings.items() if is_custom(self.loss) else ():
            if not NAME.fullmatch(name) or hasattr(LossSettings, name):  # whose methods it would hide
                raise MisfitError(
                    f"settings.{name}",
                    "expected another name, of lower-case letters and underscores and none of a method",
                )
            if name not in Training.model_fields and not isinstance(value, bool | int | float | str):
                raise MisfitError(f"settings.{name}", f"{quoted(value)} found, expected a number, true, false or text")
        return self

    @property
    def models(self) -> tuple[type[Model], ...]:
        """Models of the settings that it has: training, its loss and the weight."""
        weighted = (Weight,) if self.loss and self.protocol == "integrated" else ()
        return (Training, *((self.loss_model,) if self.loss else ()), *weighted)

    @property
    def loss_model(self) -> type[LossSettings]:
        """The model of the loss's settings."""
        others = (Training.model_fields, Weight.model_fields)
        return model_of(
            self.loss, {name: value for name, value in self.settings.items() if not any(name in of for of in others)}
        )

    @property
    def model(self) -> type[Model]:
        """A model of some of the settings that it has."""
        return some_of(*self.models)


class RefusedValues(Model):
    """Values of a setting that a preset cannot have."""

    protocol: Protocol
    loss: str
    setting: str
    values: Annotated[tuple[Any, ...], Field(min_length=1)]
    reason: str


# A preset has, for each loss and for training, some of its settings, and under ``search`` some of their spaces. Both
# models, of the settings and of the spaces, are made from the models of the settings: a new setting is known here.
_SETTINGS = {**LOSSES, "training": Training}


def _optional(models: dict[str, type[Model]]) -> dict[str, Any]:
    return {name: (model, Field(None)) for name, model in models.items()}


def _spaces(model: type[Model]) -> type[Model]:
    names = [*model.model_fields, *Weight.model_fields]
    return create_model("Spaces", __base__=Model, **dict.fromkeys(names, (SpaceByProtocol | None, None)))


class _Preset(Model):
    """How the paper's equations or its code settle what they disagree in: values by loss, of training and the probe."""

    pruning: Pruning | ByProtocol[Pruning] = about("What becomes of pruned trials (D22).", "pruned")
    refused: tuple[RefusedValues, ...] = about("Settings that the preset cannot have, and why.", ())

    def block(self, name: str) -> dict[str, Any]:
        """Values that the preset sets: of a loss, of "training", or of the "probe"."""
        return _stated(self, name)

    def spaces(self, name: str) -> dict[str, Any]:
        """Search spaces that the preset sets, of a loss or of "training"."""
        return _stated(self.search, name)


def _stated(settings: Any, name: str) -> dict[str, Any]:
    block = getattr(settings, name, None)
    return {} if block is None else block.stated()


_SEARCH = create_model(
    "Search", __base__=Model, **_optional({name: _spaces(model) for name, model in _SETTINGS.items()})
)
_BLOCKS = {name: some_of(model, by_protocol=True) for name, model in _SETTINGS.items()}
Preset = create_model("Preset", __base__=_Preset, **_optional({**_BLOCKS, "probe": some_of(Probe), "search": _SEARCH}))


def read_presets(config_dir: Path) -> dict[str, _Preset]:
    """The entries of presets.yaml; SettingsError if one is not valid."""
    path = config_dir / "presets.yaml"
    presets = read_registry(path, Preset, KEY)
    for name, preset in presets.items():
        for part, model in _SETTINGS.items():
            for setting, space in preset.spaces(part).items():
                each = dict(space).values() if isinstance(space, ByProtocol) else [space]
                for one in filter(None, each):
                    check_space(one, some_of(model, Weight), setting, str(path), (name, "search", part, setting))
    return presets


def read_objectives(config_dir: Path, presets: dict[str, _Preset]) -> dict[str, ObjectiveEntry]:
    """The entries of objectives.yaml; SettingsError if one is not valid, or names what does not exist."""
    path = config_dir / "objectives.yaml"
    entries = read_registry(path, ObjectiveEntry, KEY)
    for name, entry in entries.items():
        if entry.loss is not None and not is_custom(entry.loss):
            must_be_known(entry.loss, LOSSES, f"{path}: {name}.loss", "losses")
        must_be_known(entry.preset, presets, f"{path}: {name}.preset", "presets")
        given = entry.model.parse(entry.settings, str(path), (name, "settings"))
        entries[name] = entry.model_copy(update={"settings": given.stated()})
        for setting, space in entry.search.items():
            must_be_known(setting, entry.model.model_fields, f"{path}: {name}.search", "settings")
            if space != "preset":
                check_space(space, entry.model, setting, str(path), (name, "search", setting))
    return entries


def check_space(space: Choices | Range, model: type[Model], setting: str, source: str, path: tuple = ()) -> None:
    """Raise SettingsError if a space, at a path of a file, has values that its setting, one of a model, refuses."""
    for value in space.values:  # of which messages show 1.0 as 1
        model.parse({setting: json.loads(canonical(value))}, source, path[:-1])
