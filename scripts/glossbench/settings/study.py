"""A study with its registries, checked, and the settings of each of its runs."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import product, starmap
from pathlib import Path
from typing import Any

from glossbench.errors import SettingsError
from glossbench.paper import paper_keys
from glossbench.settings.checks import study_faults
from glossbench.settings.keys import ObjectiveKey, spelled
from glossbench.settings.messages import must_be_known, quoted
from glossbench.settings.model import UNTUNED, scalar
from glossbench.settings.registries import Registries, read_registries
from glossbench.settings.resolve import Resolved, ResolvedUntuned, Resolver
from glossbench.settings.study_file import LISTS, VOLATILE, Block, CellOfObjective, Experiment, Run, StudyFile
from glossbench.settings.training import Subset
from glossbench.settings.yaml_file import with_json_types

# Frames that a study has only where it searches, keeps snapshots, or projects embeddings.
OPTIONAL_FRAMES = ("trials", "snapshots", "projections")


@dataclass(frozen=True)
class Study:
    """A study file and its registries, checked and with all defaults."""

    name: str
    settings: StudyFile
    registries: Registries
    # Full settings by objective key, including keys that are searched but not run.
    objectives_resolved: dict[str, Resolved | ResolvedUntuned]
    runs: tuple[Run, ...]  # Every run once, in the order of the study

    @cached_property
    def corpora(self) -> list[str]:
        """Keys of the corpora in the runs, in the order of the study."""
        return list(dict.fromkeys(run.corpus for run in self.runs))

    @cached_property
    def encoders(self) -> list[str]:
        """Keys of the encoders in the runs, in the order of the study."""
        return list(dict.fromkeys(run.encoder for run in self.runs))

    @cached_property
    def objectives(self) -> list[str]:
        """Keys of the objectives in the runs, in the order of the study."""
        return list(dict.fromkeys(run.objective for run in self.runs))

    @cached_property
    def seeds(self) -> list[int]:
        """Seeds of the runs, in the order of the study."""
        return list(dict.fromkeys(run.seed for run in self.runs))

    @cached_property
    def trained(self) -> list[Run]:
        """The runs that fine-tune an encoder."""
        return [run for run in self.runs if not self.is_untuned(run.objective)]

    @cached_property
    def frames(self) -> list[str]:
        """Names of the frames that the study's evidence is made from."""
        rows = (self.searches(), self.runs_with("snapshots"), self.runs_with("projection"))
        optional = zip(OPTIONAL_FRAMES, rows, strict=True)
        return ["runs", "epochs", "corpora", "coverage", *(name for name, wanted in optional if wanted)]

    @property
    def is_searching(self) -> bool:
        """Whether the study searches settings itself. One that takes over the searches of another does not."""
        return self.settings.tuning is not None and self.settings.tuning.taken_from is None

    @property
    def spelled_out(self) -> dict[str, Any]:
        """The study file with every default, and the full settings of every objective under "objective_settings"."""
        settings = self.settings.model_dump(mode="json", exclude=set(VOLATILE))
        return {**settings, "objective_settings": {key: self.objective(key).model_dump() for key in self.objectives}}

    def searches(self) -> list[Experiment]:
        """Every search of this study that chooses settings of at least one run."""
        searched = [run for run in self.runs if self.is_searching and self.objective(run.objective).search]
        return list(dict.fromkeys(map(self.search_of, searched)))

    def search_of(self, run: CellOfObjective) -> Experiment:
        """The search that a run takes settings from, if it takes any: that of its key without changed settings."""
        return Experiment(run.corpus, run.encoder, str(ObjectiveKey.parse(run.objective).unvaried))

    def entry(self, registry: str, key: str) -> dict[str, Any]:
        """An entry of a registry as it stands there: what it does not state is left out."""
        return getattr(self.registries, registry)[key].model_dump(mode="json", exclude_unset=True)

    def objective(self, key: str) -> Resolved | ResolvedUntuned:
        """Full settings of an objective key."""
        return self.objectives_resolved[key]

    def is_untuned(self, key: str) -> bool:
        """Whether an objective fine-tunes nothing."""
        return self.registries.objectives[ObjectiveKey.parse(key).base].protocol == UNTUNED

    def runs_with(self, name: str) -> list[Run]:
        """Runs of one seed whose embeddings are kept: of all test documents ("projection") or epochs ("snapshots")."""
        return [run for run in self.runs if self.has(name, run)]

    def has(self, name: str, run: Run) -> bool:
        """Whether a run is one of ``runs_with``."""
        wanted = getattr(self.settings, name)
        return wanted is not None and run.objective in wanted.objectives and run.seed == wanted.seed

    def subset(self, corpus: str) -> Subset:
        """The documents of a corpus that runs use: at most as many as it is known to have."""
        wanted, known = self.settings.subset, dict(self.registries.corpora[corpus].documents or {})
        asked = {split: getattr(wanted, split) for split in known}
        sizes = {split: min(size, known[split]) for split, size in asked.items() if size is not None}
        return wanted.model_copy(update=sizes)

    def stored_subset(self, corpus: str) -> Subset:
        """The documents of a corpus of which the output of frozen layers is stored: those of all seeds."""
        return Subset() if self.settings.subset.draw == "seed" else self.subset(corpus)

    def changes(self, key: str) -> tuple[tuple[str, str], ...]:
        """The settings that an objective key changes, as pairs of setting and text."""
        return ObjectiveKey.parse(key).changes

    def frozen_layers(self, encoder: str) -> int:
        """Number of an encoder's lower layers that are not trained; 0 if everything is trained, embeddings included."""
        trainable = self.settings.encoder.trainable_layers
        return 0 if trainable is None else self.kept_layers(encoder) - trainable

    def kept_layers(self, encoder: str) -> int:
        """Number of an encoder's layers that the study uses."""
        return self.settings.encoder.layers or self.registries.encoders[encoder].layers


def load_study(config: dict[str, Any], source: str, config_dir: Path) -> Study:
    """Check a study and its registries, and resolve all of its runs; ``source`` is its file's name, for errors.

    SettingsError, of one line, if something is not valid.
    """
    settings = StudyFile.parse(with_json_types(config, source), source)
    registries = read_registries(config_dir)
    resolver = Resolver(registries.objectives, registries.presets, settings)
    runs = _planned(resolver, registries, source)
    study = Study(settings.study, settings, registries, resolver.resolved, runs)
    for fault in study_faults(study, source, paper_keys(config_dir / "published")):
        raise SettingsError(f"{source}: {fault}")
    return study


def _planned(resolver: Resolver, registries: Registries, source: str) -> tuple[Run, ...]:
    """Every run once. Their objectives, and those that are only searched, are in ``resolver.resolved`` afterwards."""
    runs: dict[Run, None] = {}
    places: dict[str, str] = {}
    for number, block in enumerate(resolver.settings.grid or [Block()]):
        path = f"grid[{number}]." if resolver.settings.grid else ""
        lists, at = {}, {}
        for name in LISTS:
            own = getattr(block, name)
            lists[name], at[name] = own or getattr(resolver.settings, name), f"{path if own else ''}{name}"
            if not lists[name]:
                raise SettingsError(f"{source}: {path}{name}: missing")
            for position, key in enumerate(lists[name] if name in ("corpora", "encoders") else ()):
                must_be_known(key, getattr(registries, name), f"{source}: {at[name]}[{position}]", name)
        wheres = {key: f"{source}: {at['objectives']}[{place}]" for place, key in enumerate(lists["objectives"])}
        for key, where in wheres.items():  # as listed first, so that an error names its place in the list
            resolver.resolve(key, where)
        if block.vary:
            where = f"{source}: {path}vary"
            wheres = {key: wheres.get(key, where) for key in _varied(wheres, block.vary, resolver, where)}
        for key, where in wheres.items():
            resolver.resolve(key, where)
        runs |= dict.fromkeys(starmap(Run, product(lists["corpora"], lists["encoders"], wheres, lists["seeds"])))
        places = {**wheres, **places}
    for key, where in list(places.items()):
        if resolver.resolved[key].search:
            unvaried = str(ObjectiveKey.parse(key).unvaried)
            places.setdefault(unvaried, where)
            resolver.resolve(unvaried, source)
    resolver.resolved = {key: settings for key, settings in resolver.resolved.items() if key in places}
    _refuse_other_spellings(resolver, places)
    return _without_repeats(runs, resolver)


def _refuse_other_spellings(resolver: Resolver, places: dict[str, str]) -> None:
    """Raise SettingsError if two keys, as ce and ce@paper, have the same settings; ``places`` says where keys stand."""
    first: dict[str, str] = {}
    for key, settings in resolver.resolved.items():
        if (other := first.setdefault(settings.to_json(), key)) != key:
            raise SettingsError(
                f"{places[key]}: {quoted(key)} is another spelling of {quoted(other)}; keep one of them"
            )


def _without_repeats(runs: Iterable[Run], resolver: Resolver) -> tuple[Run, ...]:
    """The runs; of an untuned objective whose documents no seed draws, that of the first seed."""
    once: dict[tuple, Run] = {}
    drawn_once = resolver.settings.subset.draw == "study"
    for run in runs:
        same = drawn_once and resolver.resolved[run.objective].protocol == UNTUNED
        once.setdefault((run.corpus, run.encoder, run.objective, None if same else run.seed), run)
    return tuple(once.values())


def _varied(keys: dict[str, str], vary: dict[str, tuple], resolver: Resolver, where: str) -> list[str]:
    """Each key with each varied setting at each of its values.

    A value that equals the objective's own gives the key itself, so that no run is made twice. One that a search or an
    estimate chooses equals none.
    """
    tried: dict[str, list[Any]] = {setting: [] for setting in vary}
    for setting, value in ((setting, value) for setting, values in vary.items() for value in values):
        text = spelled(value)
        number = scalar(text)  # text that is a number becomes the number, so that each value has one spelling
        if (one := text if isinstance(number, bool) else number) in tried[setting]:
            raise SettingsError(f"{where}.{setting}: {quoted(value)} is listed twice")
        tried[setting].append(one)
    found = []
    for key, (setting, values) in product(keys, tried.items()):
        objective = resolver.resolved[key]
        own = None if setting in objective.search else objective.value(setting)
        for value in values:
            same = value == "x1" or (isinstance(value, int | float) and value == own)
            found.append(key if same else str(ObjectiveKey.parse(key).with_change(setting, value)))
    return found
