"""How corpora, encoders and objectives are called before readers, and in which order they stand.

A key that is not listed here shows as itself and stands after the listed ones: a new entry of a registry
needs nothing in this module.
"""

from collections.abc import Iterable

import pandas as pd

CORPORA = {
    "mr": "MR",
    "r8": "R8",
    "r52": "R52",
    "ohsumed": "Ohsumed",
    "20ng": "20NG",
    "sst2": "SST-2",
    "qnli": "QNLI",
    "bbc-news": "BBC News",
}
ENCODERS = {
    "minilm-l6": "MiniLM-L6",
    "distilbert": "DistilBERT",
    "bert-base": "BERT-base",
    "roberta-large": "RoBERTa-large",
}
OBJECTIVES = {
    "ce": "CE",
    "scl-ce": "SCL + CE",
    "gloss-sqrt-ce": "G-Loss-SQRT + CE",
    "gloss-o-ce": "G-Loss-O + CE",
    "scl": "SCL",
    "triplet": "Triplet",
    "cosine": "Cosine",
    "gloss-sqrt": "G-Loss-SQRT",
    "gloss-o": "G-Loss-O",
}
PROTOCOLS = {"integrated": "Integrated", "standalone": "Standalone"}
METRICS = {"accuracy": "Accuracy", "macro_f1": "Macro-F1", "macro_silhouette": "Macro-silhouette"}
REGISTRIES = {
    "corpus": CORPORA,
    "encoder": ENCODERS,
    "protocol": PROTOCOLS,
    "objective": OBJECTIVES,
    "metric": METRICS,
}
SYMBOLS = {"labeled_fraction": "γ", "weight": "λ", "sigma": "σ", "temperature": "τ"}


def corpus_name(key: str) -> str:
    """Display name of a corpus."""
    return CORPORA.get(key, key)


def encoder_name(key: str) -> str:
    """Display name of an encoder."""
    return ENCODERS.get(key, key)


def protocol_name(key: str) -> str:
    """Display name of a protocol."""
    return PROTOCOLS.get(key, key)


def metric_name(key: str) -> str:
    """Display name of a metric."""
    return METRICS.get(key, key)


def split_objective(key: str) -> tuple[str, str]:
    """Objective and variant of a full key ``{objective}[@preset][,setting=value]...``.

    ``"gloss-o-ce@reference,weight=0.5"`` gives ``("gloss-o-ce", "@reference,weight=0.5")``; the variant of a
    plain objective is empty.
    """
    end = min((key.index(mark) for mark in "@," if mark in key), default=len(key))
    return key[:end], key[end:]


def whole(runs: pd.DataFrame) -> pd.DataFrame:
    """The runs of objectives as they are registered, with a preset or without: no setting was varied."""
    return runs[~runs["objective"].astype(str).str.contains(",", regex=False)]


def objective_name(key: str) -> str:
    """Display name of an objective, its preset and varied settings in parentheses.

    ``"gloss-o-ce@reference,weight=0.5"`` shows as ``G-Loss-O + CE (reference, λ = 0.5)``.
    """
    objective, variant = split_objective(key)
    preset, *varied = variant.split(",")
    notes = [preset.removeprefix("@")] if preset else []
    notes += [_setting(text) for text in varied]
    name = OBJECTIVES.get(objective, objective)
    return f"{name} ({', '.join(notes)})" if notes else name


def _setting(text: str) -> str:
    setting, _, value = text.partition("=")
    return f"{SYMBOLS.get(setting, setting.replace('_', ' '))} = {value}"


def in_order(keys: Iterable[str], kind: str) -> list[str]:
    """The distinct keys of a kind ("corpus", "objective", ...) in the order of its list above.

    Keys that are not listed come last; a variant of an objective comes right after the objective.
    """
    rank = {key: position for position, key in enumerate(REGISTRIES[kind])}

    def place(key: str) -> tuple[int, str, str]:
        base, variant = split_objective(key)
        return rank.get(base, len(rank)), base, variant

    return sorted(set(keys), key=place)


def arrange(frame: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """The rows of a frame in readers' order of the columns ``by``, the first one slowest.

    A column named as a kind of key follows that kind's order, any other one its values.
    """
    places = {
        column: {key: place for place, key in enumerate(in_order(frame[column], column))}
        for column in by
        if column in REGISTRIES
    }
    return frame.sort_values(
        by, key=lambda column: column.map(places.get(column.name, lambda value: value)), ignore_index=True
    )
