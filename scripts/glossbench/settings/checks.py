"""Checks of a study: settings that do not fit each other or a registry, and what this machine lacks."""

import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING

from glossbench.errors import SettingsError
from glossbench.files import existing
from glossbench.settings.keys import ObjectiveKey
from glossbench.settings.losses import file_of, is_custom
from glossbench.settings.messages import must_be_known, quoted

if TYPE_CHECKING:
    from glossbench.settings.study import Study

# The silhouette that standalone runs are validated with needs two documents of each of two classes.
SILHOUETTE_DOCUMENTS = 4


def study_faults(study: "Study", source: str, of_paper: dict[str, list[str]]) -> Iterator[str]:
    """Settings that do not fit together or do not fit a registry, one line each; ``of_paper``: the paper's keys."""
    yield from _title_faults(study, of_paper)
    yield from _size_faults(study)
    yield from _embedding_faults(study, source)
    yield from _tuning_faults(study, source)


def check_mirror(study: "Study", source: str) -> None:
    """Raise SettingsError if the study's mirror is no folder here.

    It is needed where files are fetched only, so a job on another machine does not check it.
    """
    mirror = study.settings.mirror
    if mirror is not None and existing(mirror, folder=True) is None:
        raise SettingsError(f"{source}: mirror: {quoted(mirror)} found, expected a folder that exists")


def check_losses(study: "Study", source: str) -> None:
    """Raise SettingsError if the module of a custom loss cannot be found. Only jobs that train need it."""
    for key in study.objectives:
        loss = study.objective(key).loss
        if is_custom(loss) and file_of(loss) is None:
            known = "on PYTHONPATH and in the working directory"
            raise SettingsError(
                f"{source}: {key}: loss {quoted(loss)} found, expected a module that exists (looked {known})"
            )


def _title_faults(study: "Study", of_paper: dict[str, list[str]]) -> Iterator[str]:
    """Tables, figures and claims must tell the corpora, encoders and objectives of the study and of the paper apart."""
    bases = [ObjectiveKey.parse(key).base for key in study.objectives]
    keys = {"corpora": study.corpora, "encoders": study.encoders, "objectives": bases}
    for (name, own), theirs in zip(keys.items(), of_paper.values(), strict=True):
        known: dict[str, str] = {}
        for key in [*own, *(key for key in theirs if key in getattr(study.registries, name) and key not in own)]:
            title = getattr(study.registries, name)[key].title
            seen = " ".join(unicodedata.normalize("NFKC", title).split())
            if (other := known.setdefault(seen, key)) != key and other in own:
                same = f"{other} and {key} have the same title, {quoted(title)}"
                yield f"{name}: {same}: give one of them another in config/{name}.yaml"


def _size_faults(study: "Study") -> Iterator[str]:
    """Encoders must have the layers and take the length, silhouettes have the documents that are asked for."""
    settings = study.settings
    for encoder in study.encoders:
        entry = study.registries.encoders[encoder]
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


def _embedding_faults(study: "Study", source: str) -> Iterator[str]:
    """Projections and snapshots must name objectives and a seed of this study."""
    for name in ("projection", "snapshots"):
        if wanted := getattr(study.settings, name):
            if wanted.seed not in study.seeds:
                yield f"{name}.seed: {wanted.seed} is not one of seeds {study.seeds}"
            run_with = {run.objective for run in study.runs_with(name)}
            for position, key in enumerate(wanted.objectives):
                place = f"{name}.objectives[{position}]"
                yield from _key_faults(key, study.objectives, study, place, source)
                if key not in run_with:
                    yield f"{place}: {key} found, expected an objective that is run with {name}.seed, {wanted.seed}"


def _tuning_faults(study: "Study", source: str) -> Iterator[str]:
    """Tuning must name settings that are searched, and objectives of this study."""
    tuning = study.settings.tuning
    if tuning is None:
        return
    if tuning.taken_from == study.name:
        yield f"tuning.taken_from: {study.name} found, expected the name of another study"
    searched = sorted({name for entry in study.registries.objectives.values() for name in entry.search})
    named = [(name, f"tuning.fixed[{position}]") for position, name in enumerate(tuning.fixed)]
    for name, place in [*named, *((name, "tuning.spaces") for name in tuning.spaces)]:
        must_be_known(name, searched, f"{source}: {place}", "settings that are searched")
    known = list(dict.fromkeys(str(ObjectiveKey.parse(key).unvaried) for key in study.objectives))
    named = [(key, f"tuning.objectives[{position}]") for position, key in enumerate(tuning.objectives or ())]
    for name in ("trials_by_objective", "start_from"):
        named += [(key, f"tuning.{name}") for key in getattr(tuning, name)]
    for key, place in named:
        yield from _key_faults(key, known, study, place, source)
    for key, starts in tuning.start_from.items():
        search = study.objective(key).search
        for position, start in enumerate(starts):
            place = f"tuning.start_from.{key}[{position}]"
            for setting, value in start.items():
                must_be_known(setting, search, f"{source}: {place}", f"settings that are searched for {key}")
                if value not in search[setting]:
                    yield f"{place}.{setting}: {value:g} found, expected {search[setting]}"


def _key_faults(key: str, known: list[str], study: "Study", place: str, source: str) -> Iterator[str]:
    must_be_known(key, known, f"{source}: {place}", "objectives of this study")
    if study.is_untuned(key):
        yield f"{place}: {key} found, expected an objective that is fine-tuned; {key} is an untuned objective"
