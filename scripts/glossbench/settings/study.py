"""A study with its registries, checked, and the settings of each of its runs."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import product, starmap
from pathlib import Path
from typing import Any

from glossbench.errors import SettingsError
from glossbench.paper import paper_keys
from glossbench.settings.keys import ObjectiveKey, spelled
from glossbench.settings.losses import file_of, is_custom
from glossbench.settings.messages import must_be_known, quoted
from glossbench.settings.model import scalar
from glossbench.settings.objectives import UNTUNED, read_objectives, read_presets
from glossbench.settings.resolve import Resolved, ResolvedUntuned, Resolver
from glossbench.settings.sources import read_corpora, read_encoders
from glossbench.settings.study_file import LISTS, VOLATILE, Block, Experiment, Run, StudyFile
from glossbench.settings.training import Subset
from glossbench.settings.yaml_file import with_json_types

# Frames that a study has only where it searches, keeps snapshots, or projects embeddings.
OPTIONAL_FRAMES = ("trials", "snapshots", "projections")
# The silhouette that standalone runs are validated with needs two documents of each of two classes.
SILHOUETTE_DOCUMENTS = 4


def _distinct(part: str) -> Any:
    return cached_property(lambda study: list(dict.fromkeys(getattr(run, part) for run in study.runs)))


@dataclass(frozen=True)
class Study:
    """A study file and its registries, checked and with all defaults."""

    name: str
    settings: StudyFile
    registry: dict[str, dict[str, Any]]  # Entries of the registries "corpora", "encoders" and "objectives", by key
    # Full settings by objective key, including keys that are searched but not run.
    objectives_resolved: dict[str, Resolved | ResolvedUntuned]
    runs: tuple[Run, ...]  # Every run once, in the order of the study

    # Keys of all corpora, encoders and objectives in the runs, and their seeds, in the order of the study.
    corpora, encoders, objectives, seeds = map(_distinct, ("corpus", "encoder", "objective", "seed"))

    @cached_property
    def trained(self) -> list[Run]:
        """The runs that fine-tune an encoder."""
        return [run for run in self.runs if not self.is_untuned(run.objective)]

    @cached_property
    def frames(self) -> list[str]:
        """Names of the frames that the study's evidence is made from."""
        made_from = (self.searches(), self.runs_with("snapshots"), self.runs_with("projection"))
        optional = zip(OPTIONAL_FRAMES, made_from, strict=True)
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

    def search_of(self, run: Run) -> Experiment:
        """The search that a run takes settings from, if it takes any: that of its key without changed settings."""
        return Experiment(run.corpus, run.encoder, str(ObjectiveKey.parse(run.objective).unvaried))

    def entry(self, registry: str, key: str) -> dict[str, Any]:
        """An entry of a registry as it stands there: what it does not state is left out."""
        return self.registry[registry][key].model_dump(mode="json", exclude_unset=True)

    def objective(self, key: str) -> Resolved | ResolvedUntuned:
        """Full settings of an objective key."""
        return self.objectives_resolved[key]

    def is_untuned(self, key: str) -> bool:
        """Whether an objective fine-tunes nothing."""
        return self.registry["objectives"][ObjectiveKey.parse(key).base].protocol == UNTUNED

    def runs_with(self, name: str) -> list[Run]:
        """Runs of one seed whose embeddings are kept: of all test documents ("projection") or epochs ("snapshots")."""
        return [run for run in self.runs if self.has(name, run)]

    def has(self, name: str, run: Run) -> bool:
        """Whether a run is one of ``runs_with``."""
        wanted = getattr(self.settings, name)
        return wanted is not None and run.objective in wanted.objectives and run.seed == wanted.seed

    def subset(self, corpus: str) -> Subset:
        """The documents of a corpus that runs use: at most as many as it is known to have."""
        wanted, known = self.settings.subset, dict(self.registry["corpora"][corpus].documents or {})
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
        return self.settings.encoder.layers or self.registry["encoders"][encoder].layers


def load_study(config: dict[str, Any], source: str, config_dir: Path) -> Study:
    """Check a study and its registries, and resolve all of its runs; ``source`` is its file's name, for errors.

    Raises:
        SettingsError: Something is not valid. The message is one line.
    """
    settings = StudyFile.parse(with_json_types(config, source), source)
    presets = read_presets(config_dir)
    registry = {
        "corpora": read_corpora(config_dir),
        "encoders": read_encoders(config_dir),
        "objectives": read_objectives(config_dir, presets),
    }
    resolver = Resolver(registry["objectives"], presets, settings)
    runs = _planned(resolver, registry, source)
    study = Study(settings.study, settings, registry, resolver.resolved, runs)
    of_paper = paper_keys(config_dir / "published")
    for faults in (
        _of_titles(study, of_paper),
        _of_sizes(study),
        _of_embeddings(study, source),
        _of_tuning(study, source),
    ):
        for fault in faults:
            raise SettingsError(f"{source}: {fault}")
    return study


def check_mirror(study: Study, source: str) -> None:
    """Raise SettingsError if the study's mirror is no folder here.

    It is needed where files are fetched only, so a job on another machine does not check it.
    """
    mirror = study.settings.mirror
    try:
        is_there = mirror is None or Path(mirror).expanduser().is_dir()
    except (OSError, RuntimeError):  # a folder that nobody may look into, too long a name; ~ and no user of this name
        is_there = False
    if not is_there:
        raise SettingsError(f"{source}: mirror: {quoted(mirror)} found, expected a folder that exists")


def check_losses(study: Study, source: str) -> None:
    """Raise SettingsError if the module of a custom loss cannot be found. Only jobs that train need it."""
    for key in study.objectives:
        loss = study.objective(key).loss
        if is_custom(loss) and file_of(loss) is None:
            known = "on PYTHONPATH and in the working directory"
            raise SettingsError(
                f"{source}: {key}: loss {quoted(loss)} found, expected a module that exists (looked {known})"
            )


def _planned(resolver: Resolver, registry: dict[str, dict[str, Any]], source: str) -> tuple[Run, ...]:
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
                must_be_known(key, registry[name], f"{source}: {at[name]}[{position}]", name)
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
    first: dict[str, str] = {}
    for key, settings in resolver.resolved.items():  # as ce and ce@paper have
        if (other := first.setdefault(settings.to_json(), key)) != key:
            raise SettingsError(
                f"{places[key]}: {quoted(key)} is {quoted(other)} in another spelling; keep one of them"
            )
    once: dict[tuple, Run] = {}
    drawn_once = resolver.settings.subset.draw == "study"
    for run in runs:  # where seeds draw no documents, they have no effect on an untuned objective: the first is run
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


# Where settings do not go together, or a setting and a registry.


def _of_titles(study: Study, of_paper: dict[str, list[str]]) -> Iterator[str]:
    """Tables, figures and claims must tell the corpora, encoders and objectives of the study and of the paper apart."""
    bases = [ObjectiveKey.parse(key).base for key in study.objectives]
    keys = {"corpora": study.corpora, "encoders": study.encoders, "objectives": bases}
    for (name, own), theirs in zip(keys.items(), of_paper.values(), strict=True):
        known: dict[str, str] = {}
        for key in [*own, *(key for key in theirs if key in study.registry[name] and key not in own)]:
            title = study.registry[name][key].title
            seen = " ".join(unicodedata.normalize("NFKC", title).split())
            if (other := known.setdefault(seen, key)) != key and other in own:
                same = f"{other} and {key} have the same title, {quoted(title)}"
                yield f"{name}: {same}: give one of them another in config/{name}.yaml"


def _of_sizes(study: Study) -> Iterator[str]:
    """Encoders must have the layers and take the length, silhouettes have the documents that are asked for."""
    settings = study.settings
    for encoder in study.encoders:
        entry = study.registry["encoders"][encoder]
        for name, limit in {"layers": entry.layers, "trainable_layers": study.kept_layers(encoder)}.items():
            if (getattr(settings.encoder, name) or 0) > limit:
                yield f"encoder.{name}: {getattr(settings.encoder, name)} found, but {encoder} has {limit} layers here"
        if entry.max_length is not None and settings.max_length > entry.max_length:
            yield f"max_length: {settings.max_length} found, but {encoder} takes {entry.max_length} tokens"
    validated = settings.subset.val
    standalone = [key for key in study.objectives if study.objective(key).protocol == "standalone"]
    if validated is not None and validated < SILHOUETTE_DOCUMENTS and standalone:
        wanted = f"at least {SILHOUETTE_DOCUMENTS} for the silhouette of {standalone[0]}"
        yield f"subset.val: {validated} found, expected {wanted}"


def _of_embeddings(study: Study, source: str) -> Iterator[str]:
    """Projections and snapshots must name objectives and a seed of this study."""
    for name in ("projection", "snapshots"):
        if wanted := getattr(study.settings, name):
            if wanted.seed not in study.seeds:
                yield f"{name}.seed: {wanted.seed} is not one of seeds {study.seeds}"
            run_with = {run.objective for run in study.runs_with(name)}
            for position, key in enumerate(wanted.objectives):
                place = f"{name}.objectives[{position}]"
                yield from _of_key(key, study.objectives, study, place, source)
                if key not in run_with:
                    yield f"{place}: {key} found, expected an objective that is run with {name}.seed, {wanted.seed}"


def _of_tuning(study: Study, source: str) -> Iterator[str]:
    """Tuning must name settings that are searched, and objectives of this study."""
    tuning = study.settings.tuning
    if tuning is None:
        return
    if tuning.taken_from == study.name:
        yield f"tuning.taken_from: {study.name} found, expected the name of another study"
    searched = sorted({name for entry in study.registry["objectives"].values() for name in entry.search})
    named = [(name, f"tuning.fixed[{position}]") for position, name in enumerate(tuning.fixed)]
    for name, place in [*named, *((name, "tuning.spaces") for name in tuning.spaces)]:
        must_be_known(name, searched, f"{source}: {place}", "settings that are searched")
    known = list(dict.fromkeys(str(ObjectiveKey.parse(key).unvaried) for key in study.objectives))
    named = [(key, f"tuning.objectives[{position}]") for position, key in enumerate(tuning.objectives or ())]
    for name in ("trials_by_objective", "start_from"):
        named += [(key, f"tuning.{name}") for key in getattr(tuning, name)]
    for key, place in named:
        yield from _of_key(key, known, study, place, source)
    for key, starts in tuning.start_from.items():
        search = study.objective(key).search
        for position, start in enumerate(starts):
            place = f"tuning.start_from.{key}[{position}]"
            for setting, value in start.items():
                must_be_known(setting, search, f"{source}: {place}", f"settings that are searched for {key}")
                if value not in search[setting]:
                    yield f"{place}.{setting}: {value:g} found, expected {search[setting]}"


def _of_key(key: str, known: list[str], study: Study, place: str, source: str) -> Iterator[str]:
    must_be_known(key, known, f"{source}: {place}", "objectives of this study")
    if study.is_untuned(key):
        yield f"{place}: {key} found, expected an objective that is fine-tuned; {key} is an untuned objective"
