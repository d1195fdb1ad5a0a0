"""Names each way in which runs depart from what the paper did: corpora, encoders, documents and protocol."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from glossbench.evidence.claims.competitors import listed
from glossbench.evidence.differences import size_differences
from glossbench.evidence.text.names import corpus_name, encoder_name, in_order, objective_name
from glossbench.paper import Facts

# Columns of the collected runs that are part of the protocol, by the words that name them.
SETTINGS = {
    "max_length": "max length",
    "batch_size": "batch size",
    "max_epochs": "epoch limit",
    "patience": "patience",
    "pooling": "pooling",
    "probe": "probe",
    "precision": "precision",
    "layers": "layers kept",
    "trainable_layers": "layers trained",
}
# Missing values of these columns: all layers are kept or trained, and integrated runs have no probe.
ABSENT = {"layers": "all", "trainable_layers": "all", "probe": None}


def departures(runs: pd.DataFrame, paper: dict[str, Any], facts: Facts, timed: bool = False) -> list[str]:
    """List every departure of runs from the paper, each with the objectives or corpora that it concerns.

    Args:
        runs: Rows of the collected runs that a claim was measured on.
        paper: The claim's ``paper``: corpora, encoders and protocol.
        facts: The paper's sizes.
        timed: Whether the claim is about time, so that the device matters too.

    Returns:
        A short description of each; empty if there is none.
    """
    protocol = paper["protocol"]
    runs = _as_if_unlimited(runs, protocol["max_epochs"])
    found = [
        *_others(runs["corpus"], paper["corpora"], "corpus"),
        *_others(runs["encoder"], paper["encoders"], "encoder"),
        *_sizes(runs, paper["corpora"], facts),
    ]
    for column, words in SETTINGS.items():
        found += _settings(runs, column, words, protocol[column])
    found += _budgets(runs, protocol["trials"])
    if timed:
        found += _devices(runs, protocol["device"])
    return found


def _as_if_unlimited(runs: pd.DataFrame, wanted: int) -> pd.DataFrame:
    """The runs, with the paper's limit of epochs for those that ended by themselves: they are the same under it."""
    if not {"stop_epoch", "max_epochs"} <= set(runs):
        return runs
    by_itself = runs["stop_epoch"] < runs["max_epochs"].clip(upper=wanted)
    return runs.assign(max_epochs=runs["max_epochs"].mask(by_itself, wanted))


def _others(keys: pd.Series, known: list[str], kind: str) -> list[str]:
    others = in_order(set(keys) - set(known), kind)
    title = {"corpus": corpus_name, "encoder": encoder_name}[kind]
    return [f"{kind} {title(key)}" for key in others]


def _sizes(runs: pd.DataFrame, corpora: list[str], facts: Facts) -> Iterator[str]:
    """Differences in documents and trained parameters; a corpus that the claim is not about is named as such."""
    cells: dict[str, list[str]] = {}
    for (corpus, encoder), own in runs.groupby(["corpus", "encoder"]):
        for difference in size_differences(own, corpus, encoder, facts):
            if corpus in corpora or difference.startswith("trained"):
                cells.setdefault(difference, []).append(corpus)
    every = set(runs["corpus"])
    for difference, where in cells.items():
        names = listed([corpus_name(key) for key in in_order(where, "corpus")])
        yield difference if set(where) == every else f"{difference} on {names}"


def _settings(runs: pd.DataFrame, column: str, words: str, wanted: Any) -> Iterator[str]:
    accepted = wanted if isinstance(wanted, list) else [wanted]
    if column not in runs:
        yield f"{words} not recorded"
        return
    values = [ABSENT[column] if column in ABSENT and pd.isna(value) else value for value in runs[column]]
    right = [*accepted, None] if column == "probe" else accepted
    for value in sorted({value for value in values if value not in right}, key=str):
        own = runs[[other == value for other in values]]
        yield f"{words} {_plain(value)} instead of {' or '.join(map(str, accepted))}{_for_whom(own, runs)}"


def _budgets(runs: pd.DataFrame, trials: dict[str, Any]) -> Iterator[str]:
    """Searches with more or fewer trials than the paper's, on either side of a comparison."""
    if "trials" not in runs:
        yield "search not recorded"
        return
    accepted = [trials.get(base, trials["default"]) for base in runs["base"]]
    accepted = [one if isinstance(one, list) else [one] for one in accepted]
    pairs = list(zip(runs["trials"], accepted, strict=True))
    for count, own in sorted({(count, tuple(own)) for count, own in pairs if count not in own}):
        rows = runs[[pair == (count, list(own)) for pair in pairs]]
        search = f"a search of {count}" if count else "no search"
        yield f"{search} instead of {' or '.join(map(str, own))} trials{_for_whom(rows, runs)}"


def _devices(runs: pd.DataFrame, wanted: str) -> Iterator[str]:
    for device, own in runs[~runs["device"].str.contains(wanted, regex=False)].groupby("device"):
        yield f"times on {device} instead of {wanted}{_for_whom(own, runs)}"


def _for_whom(own: pd.DataFrame, runs: pd.DataFrame) -> str:
    """The objectives that a departure concerns, where it does not concern all; else the corpora; else nothing."""
    if len(own) == len(runs):
        return ""
    if set(own["base"]) != set(runs["base"]):
        return f" for {listed([objective_name(key) for key in in_order(own['base'], 'objective')])}"
    if set(own["corpus"]) != set(runs["corpus"]):
        return f" on {listed([corpus_name(key) for key in in_order(own['corpus'], 'corpus')])}"
    return " in part of the runs"


def _plain(value: Any) -> str:
    return f"{value:g}" if isinstance(value, int | float) else str(value)
