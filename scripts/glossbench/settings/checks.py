"""Checks of a study that speak of several of its settings, or of a setting and a registry."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from glossbench.errors import SettingsError
from glossbench.settings.keys import ObjectiveKey
from glossbench.settings.messages import must_be_known, shown

if TYPE_CHECKING:
    from glossbench.settings.study import Study

# The silhouette that standalone runs are validated with needs two documents of each of two classes.
SILHOUETTE_DOCUMENTS = 4


def check_study(study: Study, source: str) -> None:
    """Raise SettingsError, which starts with ``source``, where settings of a study do not go together."""
    for faults in (_of_titles(study), _of_sizes(study), _of_shown(study, source), _of_tuning(study, source)):
        for fault in faults:
            raise SettingsError(f"{source}: {fault}")


def _of_titles(study: Study) -> Iterator[str]:
    """Tables and figures must tell the corpora, encoders and objectives of the study apart."""
    bases = dict.fromkeys(ObjectiveKey.parse(key).base for key in study.objectives)
    for name, keys in (("corpora", study.corpora), ("encoders", study.encoders), ("objectives", bases)):
        known: dict[str, str] = {}
        for key in keys:
            title = study.registry[name][key].title
            if (other := known.setdefault(title, key)) != key:
                same = f"{other} and {key} have the same title, {shown(title)}"
                yield f"{name}: {same}: give one of them another in config/{name}.yaml"


def _of_sizes(study: Study) -> Iterator[str]:
    """Encoders must have the layers and take the length, silhouettes and maps have the documents that are asked for."""
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
    maps = settings.projection
    for corpus in study.corpora if maps else ():  # sizes that nobody states are not checked
        known = study.registry["corpora"][corpus].documents
        documents = study.subset(corpus).test or (known.test if known else maps.max_documents)
        if maps.perplexity >= (documents := min(documents, maps.max_documents)):
            yield f"projection.perplexity: {maps.perplexity:g} found, but {documents} documents of {corpus} are placed"


def _of_shown(study: Study, source: str) -> Iterator[str]:
    """Projections and snapshots must name objectives and a seed of this study."""
    for name in ("projection", "snapshots"):
        if wanted := getattr(study.settings, name):
            for position, key in enumerate(wanted.objectives):
                yield from _of_key(key, study.objectives, study, f"{name}.objectives[{position}]", source)
            if wanted.seed not in study.seeds:
                yield f"{name}.seed: {wanted.seed} is not one of seeds {study.seeds}"


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
    for key, place in [*named, *((key, "tuning.trials_by_objective") for key in tuning.trials_by_objective)]:
        yield from _of_key(key, known, study, place, source)


def _of_key(key: str, known: list[str], study: Study, place: str, source: str) -> Iterator[str]:
    must_be_known(key, known, f"{source}: {place}", "objectives of this study")
    if study.is_untuned(key):
        yield f"{place}: {key} found, expected an objective that is fine-tuned; {key} is an untuned objective"
