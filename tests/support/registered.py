"""What the repository's registries hold and the paper's facts, read once."""

from functools import cache, partial
from importlib import import_module
from types import SimpleNamespace

import yaml
from glossbench.evidence.build import selection_of
from glossbench.paper import read_facts
from glossbench.settings.claims_file import load_claims
from glossbench.settings.keys import ObjectiveKey
from glossbench.settings.names import Names, names_by_kind
from glossbench.settings.objectives import read_presets
from glossbench.settings.outputs import load_outputs, read_caption
from glossbench.settings.resolve import Resolved, ResolvedUntuned, Resolver
from glossbench.settings.study import load_study

from tests.support.repository import ROOT

CONFIG = ROOT / "config"
caption = partial(read_caption, ROOT)
PUBLISHED = CONFIG / "published"
PAPER_CORPORA = ["mr", "r8", "r52", "ohsumed", "20ng"]
FACTS = read_facts(PUBLISHED)
CLAIMS = load_claims(CONFIG)
OUTPUTS = load_outputs(CONFIG)
TABLES = {output.key: output for output in OUTPUTS if output.kind == "table"}
FIGURES = {output.key: output for output in OUTPUTS if output.kind == "figure"}
LEAST = {"study": "least", "corpora": ["mr"], "encoders": ["minilm-l6"], "objectives": ["ce"], "seeds": [0]}
STUDY = load_study(LEAST, "least.yaml", CONFIG)
REGISTRIES = STUDY.registries
SEARCHING = load_study({**LEAST, "tuning": {}}, "least.yaml", CONFIG).settings
RESOLVER = Resolver(REGISTRIES.objectives, read_presets(CONFIG), SEARCHING)


@cache
def resolved(key: str) -> Resolved | ResolvedUntuned | None:
    """Protocol, preset, settings and search of an objective key; None for one that the registry does not have."""
    return RESOLVER.resolve(key, "test") if is_registered(key) else None


def entries(name: str) -> dict:
    """The entries of config/{name}.yaml as the file has them."""
    return yaml.safe_load((CONFIG / f"{name}.yaml").read_text(encoding="utf-8"))


def is_registered(key: str) -> bool:
    """Whether the registry has the entry of an objective key."""
    return ObjectiveKey.parse(key).base in REGISTRIES.objectives


def names(*keys: str) -> Names:
    """Names of every registered corpus, encoder and objective, of each objective's reference preset, and of more keys.

    Keys that are not registered have no name.
    """
    objectives = REGISTRIES.objectives
    known = [*objectives, *(f"{key}@reference" for key in objectives), *filter(is_registered, keys)]
    keys = {"corpus": list(REGISTRIES.corpora), "encoder": list(REGISTRIES.encoders), "objective": known}
    return names_by_kind(keys, REGISTRIES)


def table_of(key: str) -> SimpleNamespace:
    """``select``, ``tidy`` and ``layout`` of a table, with its settings."""
    module, settings = import_module(TABLES[key].full_module), TABLES[key].settings
    functions = {name: partial(getattr(module, name), **settings) for name in ("tidy", "layout")}
    return SimpleNamespace(select=selection_of(TABLES[key].specification()), **functions)
