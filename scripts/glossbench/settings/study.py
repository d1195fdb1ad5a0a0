"""The validated configuration of a study, and the settings of each of its runs.

Snakemake imports this module while it parses the workflow, so it imports no large packages.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glossbench.errors import SettingsError
from glossbench.settings.grid import LISTS, Block, Run, TuningJob, blocks
from glossbench.settings.keys import ObjectiveKey
from glossbench.settings.messages import shown
from glossbench.settings.objectives import UNTUNED, Objectives
from glossbench.settings.schema import check, load_schema, must_be_known, typed, with_defaults
from glossbench.settings.yaml_file import read_yaml, to_jsonable

REGISTRIES = ("corpora", "encoders", "objectives")
# Settings of where files come from and of how long jobs may take. They do not change results.
VOLATILE = ("mirror", "offline", "max_runtime")
# Frames that a study has only where it searches, keeps snapshots, or projects embeddings.
OPTIONAL_FRAMES = ("trials", "snapshots", "projections")
# The silhouette that standalone runs are validated with needs two documents of each of two classes.
SILHOUETTE_DOCUMENTS = 4


@dataclass(frozen=True)
class Study:
    """A study file and its registries, checked and with all defaults.

    Args:
        name: Name of the study.
        settings: The study file.
        registry: Entries of the registries in ``REGISTRIES``.
        objectives_resolved: Full settings by objective key, including keys that are searched but not run.
        runs: Every run once, in the order of the study.
    """

    name: str
    settings: dict[str, Any]
    registry: dict[str, dict[str, Any]]
    objectives_resolved: dict[str, dict[str, Any]]
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

    @property
    def frames(self) -> list[str]:
        """Names of the frames that the study's evidence is made from."""
        optional = (self.searches, self.settings["snapshots"], self.settings["projection"])
        there = [name for name, wanted in zip(OPTIONAL_FRAMES, optional, strict=True) if wanted]
        return ["runs", "epochs", "corpora", "coverage", *there]

    @property
    def searches(self) -> bool:
        """Whether the study searches settings itself. One that takes over the searches of another does not."""
        return self.settings["tuning"] is not None and self.settings["tuning"]["taken_from"] is None

    @property
    def spelled_out(self) -> dict[str, Any]:
        """The study file with every default, and the full settings of every objective under "objective_settings"."""
        settings = {key: value for key, value in self.settings.items() if key not in VOLATILE}
        return {**settings, "objective_settings": {key: self.objective(key) for key in self.objectives}}

    @property
    def max_length(self) -> int:
        """Most tokens per document."""
        return self.settings["max_length"]

    def tuning_jobs(self) -> list[TuningJob]:
        """Every search of this study that chooses settings of at least one run."""
        if not self.searches:
            return []
        searched = [run for run in self.runs if self.objective(run.objective)["search"]]
        return list(dict.fromkeys(map(self.search_of, searched)))

    def search_of(self, run: Run) -> TuningJob:
        """The search that a run takes settings from, if it takes any: that of its key without changed settings."""
        return TuningJob(run.corpus, run.encoder, self.unvaried(run.objective))

    def objective(self, key: str) -> dict[str, Any]:
        """Full settings of an objective key; see ``Objectives.resolve``."""
        return self.objectives_resolved[key]

    def is_untuned(self, key: str) -> bool:
        """Whether an objective fine-tunes nothing."""
        return self.registry["objectives"][ObjectiveKey.parse(key).base]["protocol"] == UNTUNED

    @property
    def trained(self) -> list[Run]:
        """The runs that fine-tune an encoder."""
        return [run for run in self.runs if not self.is_untuned(run.objective)]

    def runs_shown(self, name: str) -> list[Run]:
        """Runs that are shown singly: one seed of each corpus, encoder and objective that a setting names.

        Args:
            name: "projection" or "snapshots".
        """
        shown = self.settings[name]
        if shown is None:
            return []
        return [run for run in self.runs if run.objective in shown["objectives"] and run.seed == shown["seed"]]

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
        trainable = self.settings["encoder"]["trainable_layers"]
        if trainable is None:
            return 0
        return self.kept_layers(encoder) - trainable

    def kept_layers(self, encoder: str) -> int:
        """Number of an encoder's layers that the study uses."""
        return self.settings["encoder"]["layers"] or self.registry["encoders"][encoder]["layers"]

    def _distinct(self, key: str) -> list:
        return list(dict.fromkeys(getattr(run, key) for run in self.runs))


def canonical(value: Any) -> str:
    """JSON text that is the same for equal values: keys are sorted, and 1.0 is written as 1."""
    return json.dumps(_with_integers(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _with_integers(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _with_integers(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_with_integers(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def load_study(config: dict[str, Any], source: str, config_dir: Path) -> Study:
    """Check a study and its registries, and resolve all of its runs.

    Args:
        config: The study as parsed.
        source: Name of the file that it came from, for errors.
        config_dir: Folder with {corpora,encoders,objectives,presets}.yaml and schemas/.

    Raises:
        SettingsError: Something is not valid. The message is one line.
    """
    settings = _load_settings(config, source, config_dir)
    registry = {name: _load_registry(config_dir, name) for name in REGISTRIES}
    grid = blocks(settings, source)
    for block in grid:
        for name in ("corpora", "encoders"):
            for position, key in enumerate(block.lists[name]):
                must_be_known(key, registry[name], f"{source}: {block.place(name)}[{position}]", name)
    resolved, runs = _resolved_grid(grid, _resolver(config_dir, registry, settings), source)
    study = Study(settings["study"], settings, registry, resolved, runs)
    _check_layers(study, source)
    _check_sizes(study, source)
    _check_shown(study, source)
    _check_perplexity(study, source)
    _check_tuning(study, source)
    return study


def _load_settings(config: dict[str, Any], source: str, config_dir: Path) -> dict[str, Any]:
    """The study's own settings, checked and with all defaults."""
    schema = load_schema(config_dir, "study")
    for name in ("training", "probe"):
        schema["properties"][name]["properties"] = load_schema(config_dir, name)
    spaces = schema["properties"]["tuning"]["properties"]["spaces"]
    spaces["additionalProperties"] = load_schema(config_dir, "space")
    settings = typed(_without_short_forms(to_jsonable(config, source)), schema)
    check(settings, schema, source)
    return with_defaults(settings, schema)


def _resolver(config_dir: Path, registry: dict[str, dict[str, Any]], settings: dict[str, Any]) -> Objectives:
    tuning = settings["tuning"]
    return Objectives(
        config_dir,
        registry["objectives"],
        {name: settings[name] for name in ("training", "probe")},
        lambda key: tuning is not None and (tuning["objectives"] is None or key in tuning["objectives"]),
        tuple(tuning["fixed"]) if tuning else (),
        tuning["spaces"] if tuning else {},
    )


def _resolved_grid(
    grid: list[Block], resolver: Objectives, source: str
) -> tuple[dict[str, dict[str, Any]], tuple[Run, ...]]:
    """Full settings by objective key, those that are only searched included, and every run once."""
    resolved, runs, places = {}, {}, {}
    for block in grid:
        wheres = _places(block, resolver, source)
        resolved.update({key: resolver.resolve(key, where) for key, where in wheres.items()})
        runs.update(dict.fromkeys(block.runs(list(wheres))))
        places = {**wheres, **places}
    for key, objective in list(resolved.items()):
        if objective["search"]:
            unvaried = str(ObjectiveKey.parse(key).unvaried)
            resolved[unvaried] = resolver.resolve(unvaried, source)
            places.setdefault(unvaried, places[key])
    _check_spellings(resolved, places)
    return resolved, tuple(_untuned_once(runs, resolved))


def _untuned_once(runs: Iterable[Run], resolved: dict[str, dict[str, Any]]) -> Iterator[Run]:
    """The runs; of an untuned objective, which no seed has an effect on, only the first of each corpus and encoder."""
    seen = set()
    for run in runs:
        cell = run.corpus, run.encoder, run.objective
        if resolved[run.objective]["protocol"] != UNTUNED or cell not in seen:
            seen.add(cell)
            yield run


def _places(block: Block, resolver: Objectives, source: str) -> dict[str, str]:
    """The objective keys of a block, each with its place in the study file.

    The listed keys are resolved first, without changes, so that an error names their place in the list.
    """
    place = f"{source}: {block.place('objectives')}"
    places = {key: f"{place}[{position}]" for position, key in enumerate(block.lists["objectives"])}
    for key, where in places.items():
        resolver.resolve(key, where)
    keys = block.objective_keys(lambda key, name: resolver.chosen_without_search(key, name, places[key]))
    return {key: places.get(key, f"{source}: {block.path}vary") for key in keys}


def _check_spellings(resolved: dict[str, dict[str, Any]], places: dict[str, str]) -> None:
    """Check that no two objective keys have the same settings, as ce and ce@paper have.

    Args:
        resolved: Full settings by objective key.
        places: Place in the study file by objective key.
    """
    first: dict[str, str] = {}
    for key, settings in resolved.items():
        other = first.setdefault(canonical(settings), key)
        if other != key:
            raise SettingsError(f"{places[key]}: {shown(key)} is {shown(other)} in another spelling; keep one of them")


def _without_short_forms(settings: dict[str, Any]) -> dict[str, Any]:
    """Replace a single value (as in --config corpora=mr) by a list, and a subset given as a number by a mapping."""
    full = dict(settings)
    for key in LISTS:
        if isinstance(settings.get(key), str | int):
            full[key] = [settings[key]]
    subset = settings.get("subset", {})
    if subset is None or isinstance(subset, int | float):
        full["subset"] = {"train": subset}
    return full


def _check_layers(study: Study, source: str) -> None:
    for encoder in study.encoders:
        total = study.registry["encoders"][encoder]["layers"]
        for key in ("layers", "trainable_layers"):
            wanted = study.settings["encoder"][key]
            limit = total if key == "layers" else study.kept_layers(encoder)
            if wanted is not None and wanted > limit:
                raise SettingsError(f"{source}: encoder.{key}: {wanted} found, but {encoder} has {limit} layers here")


def _check_sizes(study: Study, source: str) -> None:
    """Check that no subset is larger than its corpus and no document longer than an encoder accepts.

    Sizes that the registries do not state are not checked.
    """
    for corpus in study.corpora:
        documents = study.registry["corpora"][corpus].get("documents", {})
        for part, kind in {"train": "training", "val": "validation", "test": "test"}.items():
            wanted = study.settings["subset"][part]
            if wanted is not None and wanted > documents.get(part, wanted):
                limit = f"{corpus} has {documents[part]} {kind} documents"
                raise SettingsError(f"{source}: subset.{part}: {wanted} found, but {limit}")
    validated = study.settings["subset"]["val"]
    standalone = [key for key in study.objectives if study.objective(key)["protocol"] == "standalone"]
    if validated is not None and validated < SILHOUETTE_DOCUMENTS and standalone:
        wanted = f"at least {SILHOUETTE_DOCUMENTS} for the silhouette of {standalone[0]}"
        raise SettingsError(f"{source}: subset.val: {validated} found, expected {wanted}")
    for encoder in study.encoders:
        limit = study.registry["encoders"][encoder].get("max_length", study.max_length)
        if study.max_length > limit:
            raise SettingsError(f"{source}: max_length: {study.max_length} found, but {encoder} takes {limit} tokens")


def _check_shown(study: Study, source: str) -> None:
    """Check that projections and snapshots name objectives and a seed of this study."""
    for name in ("projection", "snapshots"):
        wanted = study.settings[name]
        if wanted is None:
            continue
        for position, key in enumerate(wanted["objectives"]):
            where = f"{source}: {name}.objectives[{position}]"
            must_be_known(key, study.objectives, where, "objectives of this study")
            _check_trained(key, study, where)
        if wanted["seed"] not in study.seeds:
            raise SettingsError(f"{source}: {name}.seed: {wanted['seed']} is not one of seeds {study.seeds}")


def _check_perplexity(study: Study, source: str) -> None:
    """Check that a projection has more documents than neighbours; sizes that nobody states are not checked."""
    projection = study.settings["projection"]
    if projection is None:
        return
    for corpus in study.corpora:
        stated = study.registry["corpora"][corpus].get("documents", {}).get("test")
        documents = study.settings["subset"]["test"] or stated or projection["max_documents"]
        documents = min(documents, projection["max_documents"])
        if projection["perplexity"] >= documents:
            limit = f"{documents} documents of {corpus} are placed"
            raise SettingsError(f"{source}: projection.perplexity: {projection['perplexity']} found, but {limit}")


def check_mirror(study: Study, source: str) -> None:
    """Raise SettingsError if the study's mirror is no folder here.

    It is needed where files are fetched only, so a job on another machine does not check it.
    """
    mirror = study.settings["mirror"]
    if mirror is not None and not Path(mirror).is_dir():
        raise SettingsError(f"{source}: mirror: {shown(mirror)} found, expected a folder that exists")


def _check_tuning(study: Study, source: str) -> None:
    tuning = study.settings["tuning"]
    if tuning is None:
        return
    if tuning["taken_from"] == study.name:
        raise SettingsError(f"{source}: tuning.taken_from: {study.name} found, expected the name of another study")
    known = list(dict.fromkeys(map(study.unvaried, study.objectives)))
    searched = sorted({name for entry in study.registry["objectives"].values() for name in entry["search"]})
    for position, name in enumerate(tuning["fixed"]):
        must_be_known(name, searched, f"{source}: tuning.fixed[{position}]", "settings that are searched")
    for name in tuning["spaces"]:
        must_be_known(name, searched, f"{source}: tuning.spaces", "settings that are searched")
    named = {"objectives": tuning["objectives"] or [], "trials_by_objective": list(tuning["trials_by_objective"])}
    for name, keys in named.items():
        for position, key in enumerate(keys):
            place = f"[{position}]" if name == "objectives" else ""
            must_be_known(key, known, f"{source}: tuning.{name}{place}", "objectives of this study")
            _check_trained(key, study, f"{source}: tuning.{name}{place}")


def _check_trained(key: str, study: Study, where: str) -> None:
    if study.is_untuned(key):
        raise SettingsError(
            f"{where}: {key} found, expected an objective that is fine-tuned; {key} is an untuned objective"
        )


def _load_registry(config_dir: Path, name: str) -> dict[str, Any]:
    schema = load_schema(config_dir, name)
    entries = _read_registry(config_dir, name, schema)
    return {key: with_defaults(entry, schema["additionalProperties"]) for key, entry in entries.items()}


def _read_registry(config_dir: Path, name: str, schema: dict) -> dict[str, Any]:
    path = config_dir / f"{name}.yaml"
    entries = typed(read_yaml(path), schema)
    check(entries, schema, str(path))
    return entries
