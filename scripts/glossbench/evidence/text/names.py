"""Display names and display order of corpora, encoders, objectives, protocols and metrics.

Titles, order, families and colours come from the registries. ``naming`` sets them for the code in its body, as
``matplotlib.rc_context`` does with matplotlib's settings; ``evidence.build`` uses it. Keys without a name are displayed
unchanged, after the others.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any

import pandas as pd

Entry = dict[str, Any]

SYMBOLS = {"sigma": "σ", "neighbors": "k", "labeled_fraction": "γ", "weight": "λ", "temperature": "τ"}
TITLES = {
    "protocol": {"integrated": "Integrated", "standalone": "Standalone", "untuned": "Untuned"},
    "metric": {
        "accuracy": "Accuracy", "accuracy_deduplicated": "Accuracy, deduplicated",
        "macro_f1": "Macro-F1", "macro_f1_deduplicated": "Macro-F1, deduplicated",
        "macro_silhouette": "Macro-silhouette", "train_seconds": "Training (s)", "seconds_per_epoch": "Epoch (s)",
        "stop_epoch": "Last epoch",
    },
}  # fmt: skip
FIXED = {kind: {key: {"key": key, "title": title} for key, title in titles.items()} for kind, titles in TITLES.items()}
_current: ContextVar[dict[str, dict[str, Entry]]] = ContextVar("names", default=FIXED)


@contextmanager
def naming(names: dict[str, list[Entry]]) -> Iterator[None]:
    """Use these names while the body runs. Also works as a decorator.

    Args:
        names: Entries by kind ("corpus", "encoder", "objective") in display order, as ``settings.names`` makes them:
            mappings with ``key`` and ``title``; those of objectives also have ``base``, ``variant``, ``preset``,
            ``changes``, ``family``, ``color`` and ``search``.
    """
    token = _current.set({**FIXED, **{kind: {one["key"]: one for one in entries} for kind, entries in names.items()}})
    try:
        yield
    finally:
        _current.reset(token)


def entries(kind: str) -> dict[str, Entry]:
    """The current entries of a kind by key, in display order."""
    return _current.get().get(kind, {})


def _title(kind: str, key: str) -> str:
    return entries(kind).get(key, {"title": key})["title"]


corpus_name, encoder_name, protocol_name, metric_name = (
    partial(_title, kind) for kind in ("corpus", "encoder", "protocol", "metric")
)


def objective_name(key: str) -> str:
    """Title of an objective, with its preset and changed settings in parentheses.

    For example, ``gloss-o-ce@reference+weight=0.5`` becomes "G-Loss-O + CE (reference, λ = 0.5)".
    """
    if (entry := entries("objective").get(key)) is None:
        return key
    return with_changes(entry["title"], entry["preset"], entry["changes"])


def with_changes(
    title: str, preset: str | None, changes: Iterable[Sequence[str]], symbols: Mapping[str, str] = SYMBOLS
) -> str:
    """A title with a preset and changed settings in parentheses. Settings without a symbol are named in words."""
    notes = [preset] if preset else []
    notes += [f"{symbols.get(name, name.replace('_', ' '))} = {value}" for name, value in changes]
    return f"{title} ({', '.join(notes)})" if notes else title


# Display names of keys, by their kind.
NAMES: dict[str, Callable[[str], str]] = {
    "corpus": corpus_name, "encoder": encoder_name, "protocol": protocol_name, "objective": objective_name,
    "metric": metric_name,
}  # fmt: skip


def machine_names(runs: pd.DataFrame) -> pd.Series:
    """Device of each run, with the model of the processor and its cores where these are known."""
    if "processor" not in runs or runs.empty:
        return runs["device"]
    known = runs["processor"].notna()
    cores = runs["cores"].map("{:g} cores)".format)
    texts = runs["device"] + " (" + runs["processor"].astype(str) + ", " + cores
    return texts.where(known, runs["device"])


def is_gloss(objective: str) -> bool:
    """Whether an objective belongs to the family of G-Loss."""
    return entries("objective").get(objective, {}).get("family") == "gloss"


def tunes_sigma(objective: str) -> bool:
    """Whether sigma is among the searched settings of an objective, as for the paper's G-Loss-O."""
    return "sigma" in entries("objective").get(objective, {}).get("search", [])


def in_order(keys: Iterable[str], kind: str) -> list[str]:
    """The distinct keys of a kind in display order; keys without a name come last, sorted."""
    rank = {key: place for place, key in enumerate(entries(kind))}
    return sorted(set(keys), key=lambda key: (rank.get(key, len(rank)), key))


def listed(names: Sequence[str]) -> str:
    """Names as part of a sentence: "a, b and c"."""
    return ", ".join(names[:-1]) + " and " + names[-1] if len(names) > 1 else "".join(names)


def titles(keys: Iterable[str], kind: str) -> str:
    """Titles of the distinct keys of a kind, in display order, as part of a sentence."""
    return listed([NAMES[kind](key) for key in in_order(keys, kind)])


def arrange(frame: pd.DataFrame, by: list[str], **orders: Iterable) -> pd.DataFrame:
    """Sort the rows of a frame in display order.

    Columns of keys are sorted in display order, those of ``orders`` by their values there, others by their values.
    """
    orders = {
        column: orders.get(column) or in_order(frame[column], column) for column in by if column in {*NAMES, *orders}
    }
    places = {column: {key: place for place, key in enumerate(order)} for column, order in orders.items()}
    return frame.sort_values(
        by, key=lambda column: column.map(places.get(column.name, lambda value: value)), ignore_index=True
    )
