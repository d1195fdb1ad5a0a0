"""How corpora, encoders and objectives are called before readers, and in which order.

Their titles, order, families and colours are the registries'. Whoever makes tables, figures or pages puts them in force
with ``naming`` (``evidence.build`` does), as matplotlib does with its settings. A key that is not among them is shown
as itself, after the others.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import pandas as pd

Entry = dict[str, Any]

PROTOCOLS = {"integrated": "Integrated", "standalone": "Standalone"}
METRICS = {"accuracy": "Accuracy", "macro_f1": "Macro-F1", "macro_silhouette": "Macro-silhouette"}
SYMBOLS = {"labeled_fraction": "γ", "weight": "λ", "sigma": "σ", "temperature": "τ"}
FIXED = {
    "protocol": {key: {"key": key, "title": title} for key, title in PROTOCOLS.items()},
    "metric": {key: {"key": key, "title": title} for key, title in METRICS.items()},
}
_in_force: ContextVar[dict[str, dict[str, Entry]]] = ContextVar("names", default=FIXED)


@contextmanager
def naming(names: dict[str, list[Entry]]) -> Iterator[None]:
    """Put names in force for as long as the body runs; also a decorator.

    Args:
        names: By kind ("corpus", "encoder", "objective"), in order, as ``study.names`` makes them: mappings with
            ``key`` and ``title``, of objectives also ``base``, ``preset``, ``changes``, ``family``, ``color`` and
            ``search``.
    """
    token = _in_force.set({**FIXED, **{kind: {one["key"]: one for one in entries} for kind, entries in names.items()}})
    try:
        yield
    finally:
        _in_force.reset(token)


def entries(kind: str) -> dict[str, Entry]:
    """The entries of a kind by key, in order."""
    return _in_force.get().get(kind, {})


def corpus_name(key: str) -> str:
    """Title of a corpus."""
    return _title("corpus", key)


def encoder_name(key: str) -> str:
    """Title of an encoder."""
    return _title("encoder", key)


def protocol_name(key: str) -> str:
    """Title of a protocol."""
    return _title("protocol", key)


def metric_name(key: str) -> str:
    """Title of a metric."""
    return _title("metric", key)


def objective_name(key: str) -> str:
    """Title of an objective, its preset and changed settings in parentheses.

    The key ``gloss-o-ce@reference,weight=0.5`` is shown as ``G-Loss-O + CE (reference, λ = 0.5)``.
    """
    entry = entries("objective").get(key)
    if entry is None:
        return key
    notes = [entry["preset"]] if entry["preset"] else []
    notes += [f"{SYMBOLS.get(name, name.replace('_', ' '))} = {value}" for name, value in entry["changes"]]
    return f"{entry['title']} ({', '.join(notes)})" if notes else entry["title"]


def is_gloss(objective: str) -> bool:
    """Whether an objective is a form of G-Loss, by its family."""
    return entries("objective").get(objective, {}).get("family") == "gloss"


def tunes_sigma(objective: str) -> bool:
    """Whether a search chooses the sigma of an objective, as the paper does for G-Loss-O."""
    return "sigma" in entries("objective").get(objective, {}).get("search", [])


def in_order(keys: Iterable[str], kind: str) -> list[str]:
    """The distinct keys of a kind in the order of the names in force; others come last, by themselves."""
    rank = {key: place for place, key in enumerate(entries(kind))}
    return sorted(set(keys), key=lambda key: (rank.get(key, len(rank)), key))


def arrange(frame: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """The rows of a frame in readers' order of the columns ``by``, the first one slowest.

    A column named as a kind of key follows that kind's order, any other one its values.
    """
    kinds = ("corpus", "encoder", "protocol", "objective", "metric")
    places = {
        column: {key: place for place, key in enumerate(in_order(frame[column], column))}
        for column in by
        if column in kinds
    }
    return frame.sort_values(
        by, key=lambda column: column.map(places.get(column.name, lambda value: value)), ignore_index=True
    )


def _title(kind: str, key: str) -> str:
    entry = entries(kind).get(key)
    return entry["title"] if entry else key
