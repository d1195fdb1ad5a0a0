"""Full settings of an objective key: those of its runs and of its search.

Snakemake imports this module while it parses the workflow, so it imports no large packages.
"""

from typing import Any

from pydantic import Field

from glossbench.errors import SettingsError
from glossbench.settings.jobs import Objective, SearchedObjective, UntunedObjective, UntunedTraining
from glossbench.settings.keys import FORM, ObjectiveKey, multiple
from glossbench.settings.losses import LOSSES, LossSettings, Weight
from glossbench.settings.messages import must_be_known, shown
from glossbench.settings.model import Model, of_protocol, scalar
from glossbench.settings.objectives import UNTUNED, ObjectiveEntry, check_space
from glossbench.settings.study_file import StudyFile
from glossbench.settings.training import Choices, Probe, Pruning, Range, Training


class Resolved(SearchedObjective):
    """An objective with every setting that its runs, its search and its evaluation have."""

    probe: Probe = Field(description="How its embeddings are evaluated.")
    pruning: Pruning = Field(description="What becomes of the trials that a search prunes.")

    def told(self) -> Objective:
        """What a run is told: searched settings have the values that runs use whatever the search finds."""
        return Objective(**_shared(self._opened()), tuned=tuple(sorted(self.tuned_settings)))

    def searched(self, epochs: int) -> SearchedObjective:
        """What a search with trials of at most ``epochs`` epochs is told."""
        opened = self._opened().with_values({"epochs": epochs})
        return SearchedObjective(**_shared(opened), tuned=tuple(sorted(self.tuned_settings)), search=self.search)

    @property
    def tuned_settings(self) -> list[str]:
        """The settings whose values runs take from the search."""
        return sorted(setting for setting, space in self.search.items() if space.used is None)

    def _opened(self) -> "Resolved":
        """The objective with values of searched settings that no search has an effect on: ``used``, or the default."""
        values = {}
        for setting, space in self.search.items():
            model = Weight if self.part(setting) == "weight" else type(getattr(self, self.part(setting)))
            values[setting] = model.model_fields[setting].default if space.used is None else space.used
        return self.with_values(values)


class ResolvedUntuned(UntunedObjective):
    """An untuned objective with its settings. There is nothing to search."""

    probe: Probe = Field(description="The linear classifier.")
    search: dict[str, Any] = Field({}, description="None.")

    def told(self) -> UntunedObjective:
        """What a run is told."""
        return UntunedObjective(**_shared(self, UntunedObjective))


class Resolver:
    """Turns objective keys into full settings, each once.

    Settings come from the study, the preset, the registry entry and the key's changes; the later ones override the
    earlier ones.

    Args:
        entries: Entries of objectives.yaml.
        presets: Entries of presets.yaml.
        settings: The study file.
    """

    def __init__(self, entries: dict[str, ObjectiveEntry], presets: dict[str, Any], settings: StudyFile):
        self.entries, self.presets, self.settings = entries, presets, settings
        self.resolved: dict[str, Resolved | ResolvedUntuned] = {}

    def resolve(self, key: str, where: str) -> Resolved | ResolvedUntuned:
        """The full settings of an objective key.

        Args:
            key: The key.
            where: Place of the key, for error messages.

        Raises:
            SettingsError: The key is not valid.
        """
        if key not in self.resolved:
            parts = self._parsed(key, where)
            untuned = self.entries[parts.base].protocol == UNTUNED
            self.resolved[key] = (self._untuned if untuned else self._tuned)(parts, where)
        return self.resolved[key]

    def chosen_without_search(self, key: str, setting: str, where: str) -> Any:
        """The value of an objective's setting before any run; None if a search or an estimate chooses it."""
        resolved = self.resolve(key, where)
        if isinstance(resolved, ResolvedUntuned):
            return None
        value = resolved.value(setting)
        return None if setting in resolved.search or isinstance(value, str) else value

    def _parsed(self, key: str, where: str) -> ObjectiveKey:
        """The parts of a key whose objective and preset exist."""
        try:
            parts = ObjectiveKey.parse(key)
        except ValueError:
            raise SettingsError(f"{where}: {shown(key)} is not of the form {FORM}") from None
        must_be_known(parts.base, self.entries, where, "objectives")
        must_be_known(parts.preset or self.entries[parts.base].preset, self.presets, where, "presets")
        return parts

    def _tuned(self, parts: ObjectiveKey, where: str) -> Resolved:
        entry, place = self.entries[parts.base], f"{where}: {parts}"
        name = parts.preset or entry.preset
        preset = self.presets[name]
        changes, multipliers = _changes(parts, where)
        for setting in changes | multipliers:
            if setting not in entry.model.model_fields:
                entry.model.parse({setting: None}, place)
        changed = entry.model.parse(changes, place).stated()
        own = {**preset.block(entry.loss or ""), **preset.block("training"), **entry.settings, **changed}
        own = {setting: of_protocol(value, entry.protocol) for setting, value in own.items()}
        for refused in preset.refused:
            value = own.get(refused.setting)
            if (refused.protocol, refused.loss) == (entry.protocol, entry.loss) and value in refused.values:
                raise SettingsError(f"{place}: {refused.setting} {value} found, but {refused.reason}")
        study = {setting: of_protocol(value, entry.protocol) for setting, value in self.settings.training}
        loss = LOSSES[entry.loss] if entry.loss else LossSettings
        search = self._search(entry, preset, where) if self._is_searched(str(parts.unvaried)) else {}
        resolved = Resolved(
            objective=parts.base,
            preset=name,
            protocol=entry.protocol,
            loss=entry.loss,
            loss_settings=loss(**_among(own, loss)),
            weight=Weight(**_among(own, Weight)).weight if Weight in entry.models else None,
            training=Training(**{**study, **_among(own, Training)}),
            probe=self.settings.probe.model_copy(update=preset.block("probe")),
            multipliers=multipliers,
            pruning=of_protocol(preset.pruning, entry.protocol),
            search={setting: space for setting, space in search.items() if setting not in changes},
        )
        for setting, factor in multipliers.items():
            _check_product(setting, factor, resolved, entry.model, place)
        return resolved

    def _untuned(self, parts: ObjectiveKey, where: str) -> ResolvedUntuned:
        """The full settings of an untuned objective, which no preset and no changed setting can have an effect on."""
        if parts.preset or parts.changes:
            found = parts.variant.lstrip("+")
            raise SettingsError(
                f"{where}: {parts}: {found} found, expected {parts.base} alone: an untuned objective is not fine-tuned"
            )
        entry = self.entries[parts.base]
        preset = self.presets[entry.preset]
        classes = {"silhouette_classes": self.settings.training.silhouette_classes, **preset.block("training")}
        return ResolvedUntuned(
            objective=parts.base,
            preset=entry.preset,
            classifier=entry.classifier,
            training=UntunedTraining(silhouette_classes=classes["silhouette_classes"]),
            probe=self.settings.probe.model_copy(update=preset.block("probe")),
        )

    def _is_searched(self, key: str) -> bool:
        tuning = self.settings.tuning
        return tuning is not None and (tuning.objectives is None or key in tuning.objectives)

    def _search(self, entry: ObjectiveEntry, preset: Any, where: str) -> dict[str, Choices | Range]:
        """The space of each searched setting: the study's, the entry's, or the preset's for its loss and protocol."""
        tuning = self.settings.tuning
        of_preset = {**preset.spaces("training"), **preset.spaces(entry.loss or "")}
        spaces = {}
        for setting, space in entry.search.items():
            space = of_protocol(of_preset.get(setting) if space == "preset" else space, entry.protocol)
            if space is not None and setting in tuning.spaces:
                space = tuning.spaces[setting]
                path = ("tuning", "spaces", setting)
                check_space(space, entry.model, setting, where.partition(": ")[0], path)
            if space is not None and setting not in tuning.fixed:
                spaces[setting] = space
        return spaces


def _changes(key: ObjectiveKey, where: str) -> tuple[dict[str, Any], dict[str, float]]:
    """The changed settings of a key: values by setting, and factors by setting for those given as multiples."""
    changes: dict[str, Any] = {}
    multipliers: dict[str, float] = {}
    for setting, value in key.changes:
        if setting in changes or setting in multipliers:
            raise SettingsError(f"{where}: {key}: {setting} is given twice")
        text = multiple(value)
        if text is None:
            changes[setting] = scalar(value)
            continue
        factor = scalar(text)
        if not isinstance(factor, int | float) or factor <= 0:
            raise SettingsError(f"{where}: {key}: {setting}={value} found, expected x and a number above 0")
        multipliers[setting] = factor
    return changes, multipliers


def _check_product(setting: str, factor: float, resolved: Resolved, model: type[Model], where: str) -> None:
    """Check that a setting can be multiplied, and that the product is a value that it accepts."""
    value = resolved.value(setting)
    try:
        model.parse({setting: 0.5}, where)
    except SettingsError:
        raise SettingsError(f"{where}: {setting} is {shown(value)}, which cannot be taken {factor:g} times") from None
    if isinstance(value, int | float) and setting not in resolved.search:
        model.parse({setting: value * factor}, where)


def _among(values: dict[str, Any], model: type[Model]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name in model.model_fields}


def _shared(objective: Model, model: type[Model] = Objective) -> dict[str, Any]:
    """The fields of an objective that a job is told, but for those that are tuned."""
    return {name: getattr(objective, name) for name in model.model_fields if name != "tuned"}
