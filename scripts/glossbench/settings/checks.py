"""Checks of a study that speak of several of its settings, or of a setting and a registry.

Snakemake imports this module while it parses the workflow, so it imports no large packages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from glossbench.errors import SettingsError
from glossbench.settings.keys import ObjectiveKey
from glossbench.settings.messages import must_be_known, shown

if TYPE_CHECKING:
    from glossbench.settings.study import Study

# The silhouette that standalone runs are validated with needs two documents of each of two classes.
SILHOUETTE_DOCUMENTS = 4


def check_study(study: Study, source: str) -> None:
    """Raise SettingsError where settings of a study do not go together.

    Args:
        study: The study.
        source: Name of its file, for the error.
    """
    for check in (_check_titles, _check_encoders, _check_validation, _check_shown, _check_perplexity, _check_tuning):
        check(study, source)


def _check_titles(study: Study, source: str) -> None:
    """Check that tables and figures can tell the corpora, encoders and objectives of the study apart."""
    bases = dict.fromkeys(ObjectiveKey.parse(key).base for key in study.objectives)
    for name, keys in (("corpora", study.corpora), ("encoders", study.encoders), ("objectives", bases)):
        known: dict[str, str] = {}
        for key in keys:
            title = study.registry[name][key].title
            if title in known:
                same = f"{known[title]} and {key} have the same title, {shown(title)}"
                raise SettingsError(f"{source}: {name}: {same}: give one of them another in config/{name}.yaml")
            known[title] = key


def _check_encoders(study: Study, source: str) -> None:
    """Check that encoders have the layers that are asked for, and take documents of this length."""
    for encoder in study.encoders:
        entry, wanted = study.registry["encoders"][encoder], study.settings.encoder
        limits = {"layers": entry.layers, "trainable_layers": study.kept_layers(encoder)}
        for name, limit in limits.items():
            number = getattr(wanted, name)
            if number is not None and number > limit:
                raise SettingsError(f"{source}: encoder.{name}: {number} found, but {encoder} has {limit} layers here")
        if entry.max_length is not None and study.max_length > entry.max_length:
            limit = f"{encoder} takes {entry.max_length} tokens"
            raise SettingsError(f"{source}: max_length: {study.max_length} found, but {limit}")


def _check_validation(study: Study, source: str) -> None:
    """Check that there are validation documents enough for a silhouette."""
    validated = study.settings.subset.val
    standalone = [key for key in study.objectives if study.objective(key).protocol == "standalone"]
    if validated is not None and validated < SILHOUETTE_DOCUMENTS and standalone:
        wanted = f"at least {SILHOUETTE_DOCUMENTS} for the silhouette of {standalone[0]}"
        raise SettingsError(f"{source}: subset.val: {validated} found, expected {wanted}")


def _check_shown(study: Study, source: str) -> None:
    """Check that projections and snapshots name objectives and a seed of this study."""
    for name in ("projection", "snapshots"):
        wanted = getattr(study.settings, name)
        if wanted is None:
            continue
        for position, key in enumerate(wanted.objectives):
            where = f"{source}: {name}.objectives[{position}]"
            must_be_known(key, study.objectives, where, "objectives of this study")
            _check_trained(key, study, where)
        if wanted.seed not in study.seeds:
            raise SettingsError(f"{source}: {name}.seed: {wanted.seed} is not one of seeds {study.seeds}")


def _check_perplexity(study: Study, source: str) -> None:
    """Check that a projection has more documents than neighbours; sizes that nobody states are not checked."""
    projection = study.settings.projection
    for corpus in study.corpora if projection else ():
        known = study.registry["corpora"][corpus].documents
        documents = study.subset(corpus).test or (known.test if known else projection.max_documents)
        documents = min(documents, projection.max_documents)
        if projection.perplexity >= documents:
            limit = f"{documents} documents of {corpus} are placed"
            raise SettingsError(f"{source}: projection.perplexity: {projection.perplexity:g} found, but {limit}")


def _check_tuning(study: Study, source: str) -> None:
    """Check that tuning names settings that are searched, and objectives of this study."""
    tuning = study.settings.tuning
    if tuning is None:
        return
    if tuning.taken_from == study.name:
        raise SettingsError(f"{source}: tuning.taken_from: {study.name} found, expected the name of another study")
    known = list(dict.fromkeys(map(study.unvaried, study.objectives)))
    searched = sorted({name for entry in study.registry["objectives"].values() for name in entry.search})
    for position, name in enumerate(tuning.fixed):
        must_be_known(name, searched, f"{source}: tuning.fixed[{position}]", "settings that are searched")
    for name in tuning.spaces:
        must_be_known(name, searched, f"{source}: tuning.spaces", "settings that are searched")
    named = [(key, f"tuning.objectives[{position}]") for position, key in enumerate(tuning.objectives or ())]
    named += [(key, "tuning.trials_by_objective") for key in tuning.trials_by_objective]
    for key, place in named:
        must_be_known(key, known, f"{source}: {place}", "objectives of this study")
        _check_trained(key, study, f"{source}: {place}")


def _check_trained(key: str, study: Study, where: str) -> None:
    if study.is_untuned(key):
        raise SettingsError(
            f"{where}: {key} found, expected an objective that is fine-tuned; {key} is an untuned objective"
        )
