"""How far a verdict reaches (the paper, part of its grid, other data), and how the runs differ from the paper's."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from glossbench.evidence.claims.measurement import CellKey
from glossbench.evidence.claims.support import FEWEST_SEEDS, Support
from glossbench.evidence.sizes import size_differences
from glossbench.evidence.text.names import in_order, titles
from glossbench.frames import CELL
from glossbench.paper import Facts
from glossbench.settings.claims import Claim, PaperGrid

PAPER, PART, OTHER = "paper", "part of the paper's grid", "other data"
# Columns of the collected runs that are part of the protocol, and the words for those that are not named by them.
SETTINGS = (
    "max_length", "batch_size", "max_epochs", "patience", "pooling", "probe", "precision", "layers", "trainable_layers",
)  # fmt: skip
WORDS = {"max_epochs": "epoch limit", "layers": "layers kept", "trainable_layers": "layers trained"}
# Missing values of these columns: all layers are kept or trained, and integrated runs have no probe.
ABSENT = {"layers": "all", "trainable_layers": "all", "probe": None}


def of_the_paper(key: str) -> bool:
    """Whether a claim is one that the paper makes; the others are our own."""
    return key.startswith("C")


def by_number(keys: Iterable[str]) -> list[str]:
    """Keys of claims in display order: the paper's first, each by its number."""
    return sorted(keys, key=lambda key: (not of_the_paper(key), int(key[1:])))


def grid_of(paper: PaperGrid) -> frozenset[CellKey]:
    """The (corpus, encoder) pairs of a claim in the paper."""
    return frozenset((corpus, encoder) for corpus in paper.corpora for encoder in paper.encoders)


def scope_of(cells: frozenset[CellKey], differences: list[str], paper: PaperGrid, support: Support) -> tuple[str, str]:
    """The scope of a verdict that rests on ``cells``, and in words, with the size of the part or all differences."""
    grid = grid_of(paper)
    if differences or not cells <= grid:
        return OTHER, f"{OTHER} ({'; '.join(differences)})"
    if cells == grid and (support.seeds is None or support.seeds >= FEWEST_SEEDS):
        return PAPER, PAPER
    return PART, f"{PART} ({len(cells)} of its {len(grid)} cells)"


def restricted(frames: dict[str, Any], cells: frozenset[CellKey]) -> dict[str, Any]:
    """The frames with only the rows of these (corpus, encoder) pairs."""

    def among(frame: pd.DataFrame) -> np.ndarray:
        return np.array([cell in cells for cell in frame[CELL].itertuples(index=False, name=None)], dtype=bool)

    return {name: None if frame is None else frame[among(frame)] for name, frame in frames.items()}


def differences_from_paper(runs: pd.DataFrame, claim: Claim, facts: Facts) -> list[str]:
    """List every way in which runs differ from the paper's, each with the objectives or corpora that it concerns.

    Args:
        runs: Rows of the collected runs that a claim was measured on.
        claim: Entry of the registry. Where it is about time, the device matters too.
        facts: The paper's sizes.

    Returns:
        A short description of each; empty if there is none.
    """
    paper, protocol = claim.paper, claim.paper.protocol
    # a run that ended by itself is the same under the paper's limit
    by_itself = runs["stop_epoch"] < runs["max_epochs"].clip(upper=protocol.max_epochs)
    runs = runs.assign(max_epochs=runs["max_epochs"].mask(by_itself, protocol.max_epochs))
    others = {
        kind: set(runs[kind]) - set(getattr(paper, key))
        for kind, key in (("corpus", "corpora"), ("encoder", "encoders"))
    }
    found = [f"{kind} {titles([key], kind)}" for kind, keys in others.items() for key in in_order(keys, kind)]
    found += _sizes(runs, paper.corpora, facts)
    for column in SETTINGS:
        found += _concerning(runs, _settings(runs, column, _several(getattr(protocol, column))))
    found += _concerning(runs, _budgets(runs, protocol.trials))
    if is_about_time(claim):
        device = protocol.device
        devices = ((name, f"times on {name} instead of {device}") for name in runs["device"])
        found += _concerning(runs, (None if device in name else (name, text) for name, text in devices))
    return found


def is_about_time(claim: Claim) -> bool:
    """Whether a claim compares seconds."""
    return claim.measure.whole is not None or "device" in claim.measure.alike


def needs_graphs(claim: Claim) -> bool:
    """Whether a claim is about what graphs carry, so that runs whose graph carried no information cannot decide it."""
    return not is_about_time(claim) and not claim.measure.flat_graphs


def _sizes(runs: pd.DataFrame, corpora: Sequence[str], facts: Facts) -> Iterator[str]:
    """Differences in documents and trained parameters; a corpus that the claim is not about is named as such."""
    found: dict[str, set[str]] = {}
    for (corpus, encoder), own in runs.groupby(CELL):
        for difference in size_differences(own, corpus, encoder, facts):
            if corpus in corpora or difference.startswith("trained"):
                found.setdefault(difference, set()).add(corpus)
    for difference, where in found.items():
        yield difference if where == set(runs["corpus"]) else f"{difference} on {titles(where, 'corpus')}"


# A difference of one run, and what several are sorted by; None where it is as in the paper.
Difference = tuple[Any, str] | None


def _several(accepted: Any) -> list[Any]:
    return list(accepted) if isinstance(accepted, tuple) else [accepted]


def _settings(runs: pd.DataFrame, column: str, accepted: list[Any]) -> Iterator[Difference]:
    words = WORDS.get(column, column.replace("_", " "))
    for value in runs[column]:
        value = ABSENT[column] if column in ABSENT and pd.isna(value) else value
        found = f"{value:g}" if isinstance(value, int | float) else value
        text = f"{words} {found} instead of {' or '.join(map(str, accepted))}"
        as_in_paper = value in accepted or (column == "probe" and value is None)
        yield None if as_in_paper else (str(value), text)


def _budgets(runs: pd.DataFrame, trials: dict[str, Any]) -> Iterator[Difference]:
    """Searches with more or fewer trials than the paper's, on either side of a comparison."""
    for base, count in zip(runs["base"], runs["trials"], strict=True):
        accepted = _several(trials.get(base, trials["default"]))
        search = f"a search of {count}" if count else "no search"
        text = f"{search} instead of {' or '.join(map(str, accepted))} trials"
        yield None if count in accepted else ((count, *accepted), text)


def _concerning(runs: pd.DataFrame, differences: Iterable[Difference]) -> Iterator[str]:
    """Each difference once, with the objectives that it concerns where it does not concern all; else the corpora."""
    of_runs = list(differences)
    for difference in sorted(set(of_runs) - {None}):
        own = runs[[other == difference for other in of_runs]]
        whom = "" if len(own) == len(runs) else " in part of the runs"
        for kind, column, word in (("corpus", "corpus", "on"), ("objective", "base", "for")):
            if set(own[column]) != set(runs[column]):
                whom = f" {word} {titles(own[column], kind)}"
        yield difference[1] + whom
