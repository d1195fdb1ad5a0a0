"""A study with its registries, checked, and the settings of each of its runs.

Snakemake imports this module while it parses the workflow, so it imports no large packages.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from glossbench.errors import SettingsError
from glossbench.settings.checks import check_study
from glossbench.settings.keys import ObjectiveKey
from glossbench.settings.messages import must_be_known, shown
from glossbench.settings.model import canonical
from glossbench.settings.objectives import UNTUNED, read_objectives, read_presets
from glossbench.settings.resolve import Resolved, ResolvedUntuned, Resolver
from glossbench.settings.sources import read_corpora, read_encoders
from glossbench.settings.study_file import VOLATILE, Product, Run, StudyFile, TuningJob, products
from glossbench.settings.training import Subset
from glossbench.settings.yaml_file import with_json_types

# Frames that a study has only where it searches, keeps snapshots, or projects embeddings.
OPTIONAL_FRAMES = ("trials", "snapshots", "projections")


@dataclass(frozen=True)
class Study:
    """A study file and its registries, checked and with all defaults.

    Args:
        name: Name of the study.
        settings: The study file.
        registry: Entries of the registries "corpora", "encoders" and "objectives", by key.
        objectives_resolved: Full settings by objective key, including keys that are searched but not run.
        runs: Every run once, in the order of the study.
    """

    name: str
    settings: StudyFile
    registry: dict[str, dict[str, Any]]
    objectives_resolved: dict[str, Resolved | ResolvedUntuned]
    runs: tuple[Run, ...]

    @property
    def corpora(self) -> list[str]:
        """Keys of all corpora in the runs, in the order of the study."""
        return self._distinct("corpus")

    @property
    def encoders(self) -> list[str]:
        """Keys of all encoders in the runs."""
        return self._distinct("encoder")

    @property
    def objectives(self) -> list[str]:
        """Keys of all objectives in the runs."""
        return self._distinct("objective")

    @property
    def seeds(self) -> list[int]:
        """All seeds of the runs."""
        return self._distinct("seed")

    @cached_property
    def frames(self) -> list[str]:
        """Names of the frames that the study's evidence is made from."""
        optional = (self.searches, self.settings.snapshots, self.settings.projection)
        there = [name for name, wanted in zip(OPTIONAL_FRAMES, optional, strict=True) if wanted]
        return ["runs", "epochs", "corpora", "coverage", *there]

    @property
    def searches(self) -> bool:
        """Whether the study searches settings itself. One that takes over the searches of another does not."""
        return self.settings.tuning is not None and self.settings.tuning.taken_from is None

    @property
    def spelled_out(self) -> dict[str, Any]:
        """The study file with every default, and the full settings of every objective under "objective_settings"."""
        settings = self.settings.model_dump(mode="json", exclude=set(VOLATILE))
        return {**settings, "objective_settings": {key: self.objective(key).model_dump() for key in self.objectives}}

    @property
    def max_length(self) -> int:
        """Most tokens per document."""
        return self.settings.max_length

    def tuning_jobs(self) -> list[TuningJob]:
        """Every search of this study that chooses settings of at least one run."""
        if not self.searches:
            return []
        searched = [run for run in self.runs if self.objective(run.objective).search]
        return list(dict.fromkeys(map(self.search_of, searched)))

    def search_of(self, run: Run) -> TuningJob:
        """The search that a run takes settings from, if it takes any: that of its key without changed settings."""
        return TuningJob(run.corpus, run.encoder, self.unvaried(run.objective))

    def entry(self, registry: str, key: str) -> dict[str, Any]:
        """An entry of a registry as it stands there: what it does not state is left out."""
        return self.registry[registry][key].model_dump(mode="json", exclude_unset=True)

    def objective(self, key: str) -> Resolved | ResolvedUntuned:
        """Full settings of an objective key."""
        return self.objectives_resolved[key]

    def is_untuned(self, key: str) -> bool:
        """Whether an objective fine-tunes nothing."""
        return self.registry["objectives"][ObjectiveKey.parse(key).base].protocol == UNTUNED

    @property
    def trained(self) -> list[Run]:
        """The runs that fine-tune an encoder."""
        return [run for run in self.runs if not self.is_untuned(run.objective)]

    def runs_shown(self, name: str) -> list[Run]:
        """Runs that are shown singly: one seed of each corpus, encoder and objective that a setting names.

        Args:
            name: "projection" or "snapshots".
        """
        shown = getattr(self.settings, name)
        if shown is None:
            return []
        return [run for run in self.runs if run.objective in shown.objectives and run.seed == shown.seed]

    def subset(self, corpus: str) -> Subset:
        """The documents of a corpus that runs use: at most as many as it is known to have."""
        wanted, known = self.settings.subset, self.registry["corpora"][corpus].documents
        if known is None:
            return wanted
        sizes = {split: getattr(wanted, split) for split, _ in known}
        return wanted.model_copy(
            update={split: min(size, getattr(known, split)) for split, size in sizes.items() if size is not None}
        )

    def changes(self, key: str) -> tuple[tuple[str, str], ...]:
        """The settings that an objective key changes, as pairs of setting and text."""
        return ObjectiveKey.parse(key).changes

    def unvaried(self, key: str) -> str:
        """The objective whose search a key shares: the key without its changed settings."""
        return str(ObjectiveKey.parse(key).unvaried)

    def key_columns(self, key: str) -> dict[str, str]:
        """Columns of frames that describe an objective key; see ``ObjectiveKey.columns``."""
        return ObjectiveKey.parse(key).columns()

    def frozen_layers(self, encoder: str) -> int:
        """Number of an encoder's lower layers that are not trained; 0 if everything is trained, embeddings included."""
        trainable = self.settings.encoder.trainable_layers
        return 0 if trainable is None else self.kept_layers(encoder) - trainable

    def kept_layers(self, encoder: str) -> int:
        """Number of an encoder's layers that the study uses."""
        return self.settings.encoder.layers or self.registry["encoders"][encoder].layers

    def _distinct(self, key: str) -> list:
        return list(dict.fromkeys(getattr(run, key) for run in self.runs))


def load_study(config: dict[str, Any], source: str, config_dir: Path) -> Study:
    """Check a study and its registries, and resolve all of its runs.

    Args:
        config: The study as parsed.
        source: Name of the file that it came from, for errors.
        config_dir: Folder with {corpora,encoders,objectives,presets}.yaml.

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
    grid = products(settings, source)
    for block in grid:
        for name in ("corpora", "encoders"):
            for position, key in enumerate(block.lists[name]):
                must_be_known(key, registry[name], f"{source}: {block.place(name)}[{position}]", name)
    resolver = Resolver(registry["objectives"], presets, settings)
    runs = _resolved_grid(grid, resolver, source)
    study = Study(settings.study, settings, registry, resolver.resolved, runs)
    check_study(study, source)
    return study


def check_mirror(study: Study, source: str) -> None:
    """Raise SettingsError if the study's mirror is no folder here.

    It is needed where files are fetched only, so a job on another machine does not check it.
    """
    mirror = study.settings.mirror
    if mirror is not None and not Path(mirror).is_dir():
        raise SettingsError(f"{source}: mirror: {shown(mirror)} found, expected a folder that exists")


def _resolved_grid(grid: list[Product], resolver: Resolver, source: str) -> tuple[Run, ...]:
    """Every run once. Their objectives, and those that are only searched, are in ``resolver.resolved`` afterwards."""
    runs, places = {}, {}
    for block in grid:
        wheres = _places(block, resolver, source)
        for key, where in wheres.items():
            resolver.resolve(key, where)
        runs.update(dict.fromkeys(block.runs(list(wheres))))
        places = {**wheres, **places}
    for key, where in list(places.items()):
        if resolver.resolved[key].search:
            unvaried = str(ObjectiveKey.parse(key).unvaried)
            places.setdefault(unvaried, where)
            resolver.resolve(unvaried, source)
    resolver.resolved = {key: settings for key, settings in resolver.resolved.items() if key in places}
    _check_spellings(resolver.resolved, places)
    return tuple(_untuned_once(runs, resolver.resolved))


def _untuned_once(runs: Iterable[Run], resolved: dict[str, Any]) -> Iterator[Run]:
    """The runs; of an untuned objective, which no seed has an effect on, only the first of each corpus and encoder."""
    seen = set()
    for run in runs:
        cell = run.corpus, run.encoder, run.objective
        if resolved[run.objective].protocol != UNTUNED or cell not in seen:
            seen.add(cell)
            yield run


def _places(block: Product, resolver: Resolver, source: str) -> dict[str, str]:
    """The objective keys of a block, each with its place in the study file.

    The listed keys are resolved first, without changes, so that an error names their place in the list.
    """
    place = f"{source}: {block.place('objectives')}"
    places = {key: f"{place}[{position}]" for position, key in enumerate(block.lists["objectives"])}
    for key, where in places.items():
        resolver.resolve(key, where)
    keys = block.objective_keys(lambda key, name: resolver.chosen_without_search(key, name, places[key]))
    return {key: places.get(key, f"{source}: {block.path}vary") for key in keys}


def _check_spellings(resolved: dict[str, Any], places: dict[str, str]) -> None:
    """Check that no two objective keys have the same settings, as ce and ce@paper have.

    Args:
        resolved: Full settings by objective key.
        places: Place in the study file by objective key.
    """
    first: dict[str, str] = {}
    for key, settings in resolved.items():
        other = first.setdefault(settings.to_json(), key)
        if other != key:
            raise SettingsError(f"{places[key]}: {shown(key)} is {shown(other)} in another spelling; keep one of them")


__all__ = ["VOLATILE", "Study", "canonical", "check_mirror", "load_study"]
