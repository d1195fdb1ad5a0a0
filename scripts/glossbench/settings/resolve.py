"""Full settings of an objective key: those of its runs and of its search."""

from collections import ChainMap
from typing import Any

from glossbench.errors import SettingsError
from glossbench.settings.jobs import Objective, SearchedObjective, UntunedObjective, UntunedTraining
from glossbench.settings.keys import FORM, ObjectiveKey, multiple
from glossbench.settings.losses import Weight
from glossbench.settings.messages import must_be_known, quoted
from glossbench.settings.model import UNTUNED, Model, about, leaves, part_of, scalar, value_for_protocol
from glossbench.settings.objectives import ObjectiveEntry, check_space
from glossbench.settings.search import Choices, Pruning, Range
from glossbench.settings.study_file import StudyFile
from glossbench.settings.training import Probe, Training


class Resolved(SearchedObjective):
    """An objective with every setting that its runs, its search and its evaluation have."""

    probe: Probe = about("How its embeddings are evaluated.")
    pruning: Pruning = about("What becomes of the trials that a search prunes.")

    def for_runs(self) -> Objective:
        """What a run is given: searched settings have the values that runs use whatever the search finds."""
        return self._as(Objective, {})

    def searched(self, epochs: int) -> SearchedObjective:
        """What a search with trials of at most ``epochs`` epochs is given."""
        return self._as(SearchedObjective, {"epochs": epochs})

    def _as(self, model: type[Objective], values: dict[str, Any]) -> Any:
        """The objective as a ``model`` whose settings are known before any search ends.

        Args:
            model: What the job is given.
            values: Settings to change. A searched setting that is not among them gets the ``used`` of its space, which
                runs take whatever the search finds, or else its default, which the job replaces by what the search
                finds (``tuned``).
        """
        fields = ChainMap(*(of.model_fields for of in (Weight, type(self.loss_settings), Training)))
        for setting, space in self.search.items():
            values.setdefault(setting, fields[setting].default if space.used is None else space.used)
        opened = self.with_values(values)
        tuned = tuple(sorted(setting for setting, space in self.search.items() if space.used is None))
        return part_of(model, opened, tuned=tuned)


class ResolvedUntuned(UntunedObjective):
    """An untuned objective with its settings. There is nothing to search."""

    probe: Probe = about("The linear classifier.")
    search: dict[str, Any] = about("None.", {})

    def for_runs(self) -> UntunedObjective:
        """What a run is given."""
        return part_of(UntunedObjective, self)


class Resolver:
    """Turns objective keys into full settings, each once.

    Settings come from the study, the preset, the registry entry and the key's changes; the later ones override the
    earlier ones.
    """

    def __init__(self, entries: dict[str, ObjectiveEntry], presets: dict[str, Any], settings: StudyFile):
        self.entries, self.presets, self.settings = entries, presets, settings
        self.resolved: dict[str, Resolved | ResolvedUntuned] = {}

    def resolve(self, key: str, where: str) -> Resolved | ResolvedUntuned:
        """The full settings of an objective key; SettingsError, which starts with ``where``, if it is not valid."""
        if key not in self.resolved:
            self.resolved[key] = self._made(key, where)
        return self.resolved[key]

    def _made(self, key: str, where: str) -> Resolved | ResolvedUntuned:
        try:
            parts = ObjectiveKey.parse(key)
        except ValueError:
            raise SettingsError(f"{where}: {quoted(key)} is not of the form {FORM}") from None
        must_be_known(parts.base, self.entries, where, "objectives")
        entry, place = self.entries[parts.base], f"{where}: {parts}"
        name = parts.preset or entry.preset
        must_be_known(name, self.presets, where, "presets")
        preset, training = self.presets[name], dict(self.settings.training)
        probe = self.settings.probe.model_copy(update=preset.block("probe"))
        shared = {"objective": parts.base, "preset": name, "probe": probe}
        if entry.protocol == UNTUNED:
            if parts.variant:
                expected = f"{parts.base} alone: an untuned objective is not fine-tuned"
                raise SettingsError(f"{place}: {parts.variant.lstrip('+')} found, expected {expected}")
            settings = part_of(UntunedTraining, training, **preset.block("training"))
            return ResolvedUntuned(**shared, classifier=entry.classifier, training=settings)
        changes, multipliers = _changes(parts, entry.model, place)
        own = {**preset.block(entry.loss or ""), **preset.block("training"), **entry.settings, **changes}
        own = {setting: value_for_protocol(value, entry.protocol) for setting, value in own.items()}
        training = {setting: value_for_protocol(value, entry.protocol) for setting, value in training.items()}
        for refused in preset.refused:
            value = own.get(refused.setting)
            if (refused.protocol, refused.loss) == (entry.protocol, entry.loss) and value in refused.values:
                raise SettingsError(f"{place}: {refused.setting} {value} found, but {refused.reason}")
        resolved = Resolved(
            **shared,
            protocol=entry.protocol,
            loss=entry.loss,
            loss_settings=part_of(entry.loss_model, own),
            weight=part_of(Weight, own).weight if Weight in entry.models else None,
            training=part_of(Training, training, **own),
            multipliers=multipliers,
            pruning=value_for_protocol(preset.pruning, entry.protocol),
            search=self._search(parts, preset, changes, where),
        )
        if (misfit := resolved.loss_settings.misfit()) is not None:
            raise SettingsError(f"{place}: {misfit}")
        for setting, factor in multipliers.items():
            _check_product(setting, factor, resolved, entry.model, place)
        return resolved

    def _search(
        self, parts: ObjectiveKey, preset: Any, changes: dict[str, Any], where: str
    ) -> dict[str, Choices | Range]:
        """The space of each searched setting: the study's, the entry's, or the preset's for its loss and protocol."""
        tuning, entry = self.settings.tuning, self.entries[parts.base]
        if tuning is None or (tuning.objectives is not None and str(parts.unvaried) not in tuning.objectives):
            return {}
        of_preset = {**preset.spaces("training"), **preset.spaces(entry.loss or "")}
        spaces = {}
        for setting, space in entry.search.items():
            space = value_for_protocol(of_preset.get(setting) if space == "preset" else space, entry.protocol)
            if space is not None and setting in tuning.spaces:
                space, path = tuning.spaces[setting], ("tuning", "spaces", setting)
                check_space(space, entry.model, setting, where.partition(": ")[0], path)
            if space is not None and setting not in (*tuning.fixed, *changes):
                spaces[setting] = space
        return spaces


def _changes(key: ObjectiveKey, model: type[Model], where: str) -> tuple[dict[str, Any], dict[str, float]]:
    """The changed settings of a key: values by setting, and factors by setting for those given as multiples."""
    changes: dict[str, Any] = {}
    multipliers: dict[str, float] = {}
    for setting, text in key.changes:
        if setting in changes or setting in multipliers:
            raise SettingsError(f"{where}: {setting} is given twice")
        factor = multiple(text)
        value = scalar(factor or text)
        if factor and (not isinstance(value, int | float) or value <= 0):
            raise SettingsError(f"{where}: {setting}={text} found, expected x and a number above 0")
        (multipliers if factor else changes)[setting] = value
    model.parse(dict.fromkeys(multipliers.keys() - model.model_fields.keys()), where)
    return model.parse(changes, where).stated(), multipliers


def _check_product(setting: str, factor: float, resolved: Resolved, model: type[Model], where: str) -> None:
    """Check that a setting can be multiplied, and that the product is a value that it accepts."""
    value = resolved.value(setting)
    if value is None or float not in leaves(model.model_fields[setting].annotation):
        raise SettingsError(f"{where}: {setting} is {quoted(value)}, which cannot be multiplied by {factor:g}")
    if isinstance(value, int | float) and setting not in resolved.search:
        model.parse({setting: value * factor}, where)
