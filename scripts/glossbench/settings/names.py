"""Display names of corpora, encoders and objectives from the registries: title, order, family and colour."""

from pathlib import Path
from typing import Any

from glossbench.paper import paper_keys
from glossbench.settings.claims import compared_in
from glossbench.settings.claims_file import load_claims
from glossbench.settings.keys import ObjectiveKey
from glossbench.settings.losses import setting_columns
from glossbench.settings.registries import Registries
from glossbench.settings.study import Study

Names = dict[str, list[dict[str, Any]]]


def names_of(study: Study, config_dir: Path) -> Names:
    """The names of all corpora, encoders and objectives of a study, the paper and the claims, ordered as registered.

    Other entries of the registries are left out, so that adding an entry does not rerun the tables of every study.
    """
    claimed = compared_in(load_claims(config_dir))
    keys = {"corpus": study.corpora, "encoder": study.encoders, "objective": [*study.objectives, *claimed]}
    return names_by_kind(
        {kind: [*own, *paper_keys(config_dir / "published")[kind]] for kind, own in keys.items()}, study.registries
    )


def names_by_kind(keys: dict[str, list[str]], registries: Registries) -> Names:
    """The names of these keys, in the order of the registries.

    Args:
        keys: Keys by kind ("corpus", "encoder", "objective").
        registries: Where their entries are.

    Returns:
        By kind, mappings with ``key`` and ``title``; those of kind "setting" are the settings of their losses.
        Objectives also have ``base``, ``variant`` (what follows the base in the key), ``preset`` (None if the key names
        none), ``changes`` (pairs of setting and text), ``family`` (the loss it is an instance of), ``color`` and
        ``search`` (the settings that a search chooses). A key with changed settings follows the objective it changes.
    """
    places, entries = list(registries.objectives), registries.objectives
    parsed = {key: ObjectiveKey.parse(key) for key in keys["objective"]}
    parsed |= {str(one.unvaried): one.unvaried for one in parsed.values()}
    settings = setting_columns(entries[one.base].loss_model for one in parsed.values())
    names: Names = {"setting": [{"key": name, "title": name.replace("_", " ").capitalize()} for name in settings]}
    for kind, known in (("corpus", registries.corpora), ("encoder", registries.encoders)):
        names[kind] = [{"key": key, "title": entry.title} for key, entry in known.items() if key in keys[kind]]
    names["objective"] = [
        {
            "key": key,
            "title": entry.title,
            "base": one.base,
            "variant": one.variant,
            "preset": one.preset,
            "changes": [list(change) for change in one.changes],
            "family": entry.family or entry.classifier or entry.loss or "ce",
            "color": entry.color,
            "search": sorted(entry.search),
        }
        for key, one in sorted(parsed.items(), key=lambda item: (places.index(item[1].base), item[0]))
        for entry in [entries[one.base]]
    ]
    return names
