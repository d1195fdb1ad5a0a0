"""What a verdict rests on, how far it reaches (the paper, part of its grid, other data), and how runs differ from it.

A verdict needs three corpora, or all that the paper names for the claim where it names fewer, and three seeds.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from glossbench.evidence.claims.measurement import Cell, Measurement, cells_behind, inside
from glossbench.evidence.differences import size_differences
from glossbench.evidence.text.names import in_order, titles
from glossbench.evidence.text.numbers import number
from glossbench.frames import QUIET, RUN_OF_CELL, TASK
from glossbench.paper import Facts

FEWEST_CORPORA = 3
FEWEST_SEEDS = 3
SILENT = 0.05
INTEGRATED = "integrated"
PAPER, PART, OTHER = "paper", "part of the paper's grid", "other data"
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


@dataclass(frozen=True)
class Support:
    """What a verdict rests on.

    Args:
        holding: Number of cells in which the claim holds by itself, judged by the mean over seeds.
        cells: Number of cells that were tested.
        seeds: Number of seeds in the cell with the fewest; None for published means.
        censored: Number of runs that trained to their last allowed epoch, so that where they would have stopped was
            not seen.
    """

    holding: int
    cells: int
    seeds: int | None
    censored: int

    @property
    def text(self) -> str:
        """For example "5 of 5 cells, 3 seeds, 0 censored"."""
        seeds = "published means" if self.seeds is None else f"{self.seeds} {'seed' if self.seeds == 1 else 'seeds'}"
        return f"{self.holding} of {self.cells} cells, {seeds}, {self.censored} censored"


def support_of(
    measurements: list[Measurement], holds: dict[str, Any], runs: pd.DataFrame, published: bool = False
) -> Support:
    """The support of a verdict.

    Args:
        measurements: All measurements of the claim. It holds in a cell if it does in each that has the cell.
        holds: The claim's ``holds``.
        runs: The collected runs.
        published: Whether the runs are published means.
    """
    values = [(cell, value, one.at_least) for one in measurements for cell, value in one.cells.items()]
    fails = {cell for cell, value, at_least in values if not inside(value.low, value.high, holds, at_least)}
    cells, rows = cells_behind(measurements), rows_behind(measurements, runs)
    limited = {"stop_epoch", "max_epochs"} <= set(rows)
    return Support(
        holding=len(cells - fails),
        cells=len(cells),
        seeds=None if published else min((value.seeds for _, value, _ in values), default=0),
        censored=int((rows["stop_epoch"] >= rows["max_epochs"]).sum()) if limited else 0,
    )


def rows_behind(measurements: list[Measurement], runs: pd.DataFrame) -> pd.DataFrame:
    """The rows of ``runs`` that measurements come from; for a search, those of its objective."""
    keys = frozenset().union(*(one.runs for one in measurements))
    names = RUN_OF_CELL[: max(map(len, keys), default=0)]
    rows = runs[names].itertuples(index=False, name=None)
    return runs[np.array([row in keys for row in rows], dtype=bool)] if keys else runs[:0]


def with_rule(measurements: list[Measurement], corpora: list[str], published: bool = False) -> list[Measurement]:
    """The measurements, with what they lack for a verdict.

    Args:
        measurements: All measurements of a claim.
        corpora: Corpora that the paper names for the claim.
        published: Whether they come from published means: the rule on seeds is waived.
    """
    together, ruled = cells_behind(measurements), []
    for one in measurements:
        fewest, seeds = min((value.seeds for value in one.cells.values()), default=FEWEST_SEEDS), ""
        if fewest < FEWEST_SEEDS and not published:
            seeds = f"a cell has {fewest} of the {FEWEST_SEEDS} common seeds that a verdict needs"
        if one.one_of_many:  # one cell is enough to contradict, all are needed to confirm
            one = replace(one, missing=seeds or one.missing, unconfirmed=_too_few_corpora(together, corpora))
        elif one.cells:
            one = replace(one, missing=_too_few_corpora(one.cells, corpora) or seeds or one.missing)
        ruled.append(one)
    return ruled


def silent_graphs(measurements: list[Measurement], epochs: pd.DataFrame) -> tuple[int, int] | None:
    """In how many cells the graph said nothing in most of the G-Loss + CE runs, and the cells where that is recorded.

    A graph says nothing if it had less than ``SILENT`` of the gradient in each epoch up to the best one, or if sigma
    was above the median distance in each, where it is a weight and no width. None if no run records it.
    """
    if not {"gradient_share_metric", "sigma_over_median"} <= set(epochs):
        return None
    rows = rows_behind(measurements, epochs[epochs["protocol"] == INTEGRATED]).sort_values("epoch", ascending=False)
    rows = rows[rows.groupby(RUN_OF_CELL)["best"].cummax().astype(bool)]
    runs = rows.dropna(subset=["gradient_share_metric", "sigma_over_median"]).groupby(RUN_OF_CELL)
    silent = (runs["gradient_share_metric"].max() < SILENT) | (runs["sigma_over_median"].min() > 1)
    cells = silent.groupby(TASK).mean() > 1 / 2
    return (int(cells.sum()), len(cells)) if len(cells) else None


def said_of_graphs(silent: tuple[int, int]) -> str:
    """What ``silent_graphs`` found, in words."""
    return (
        f"in {silent[0]} of {silent[1]} cells, most G-Loss + CE runs had a graph with under {SILENT:.0%} of the "
        "gradient up to the best epoch, or a sigma above the median distance"
    ).replace("%", " %")


def with_graphs(measurements: list[Measurement], epochs: pd.DataFrame) -> list[Measurement]:
    """The measurements, which cannot decide a claim about a graph that said nothing in most cells."""
    silent = silent_graphs(measurements, epochs)
    if not silent or 2 * silent[0] <= silent[1]:
        return measurements
    return [replace(one, missing=one.missing or said_of_graphs(silent)) for one in measurements]


def _too_few_corpora(cells: Iterable[Cell], named: list[str]) -> str:
    found = {corpus for corpus, _ in cells}
    if len(named) < FEWEST_CORPORA > len(found):
        return "" if found >= set(named) else f"a verdict needs {titles(named, 'corpus')}"
    return "" if len(found) >= FEWEST_CORPORA else f"{len(found)} of the {FEWEST_CORPORA} corpora that a verdict needs"


def grid_of(paper: dict[str, Any]) -> frozenset[Cell]:
    """The (corpus, encoder) pairs of a claim in the paper."""
    return frozenset((corpus, encoder) for corpus in paper["corpora"] for encoder in paper["encoders"])


def scope_of(
    cells: frozenset[Cell], differences: list[str], paper: dict[str, Any], support: Support
) -> tuple[str, str]:
    """The scope of a verdict, and the same in words, with the size of the part or with every difference.

    Args:
        cells: The cells that it rests on.
        differences: From ``differences_from_paper``.
        paper: The claim's ``paper``.
        support: What the verdict rests on.
    """
    grid = grid_of(paper)
    if differences or not cells <= grid:
        return OTHER, f"{OTHER} ({'; '.join(differences)})"
    if cells == grid and (support.seeds is None or support.seeds >= FEWEST_SEEDS):
        return PAPER, PAPER
    return PART, f"{PART} ({len(cells)} of its {len(grid)} cells)"


def restricted(frames: dict[str, Any], cells: frozenset[Cell]) -> dict[str, Any]:
    """The frames with only the rows of these (corpus, encoder) pairs."""

    def among(frame: pd.DataFrame) -> np.ndarray:
        return np.array([cell in cells for cell in frame[TASK].itertuples(index=False, name=None)], dtype=bool)

    return {name: None if frame is None else frame[among(frame)] for name, frame in frames.items()}


def differences_from_paper(runs: pd.DataFrame, claim: dict[str, Any], facts: Facts) -> list[str]:
    """List every way in which runs differ from the paper's, each with the objectives or corpora that it concerns.

    Args:
        runs: Rows of the collected runs that a claim was measured on.
        claim: Entry of the registry. Where it is about time, the device matters too.
        facts: The paper's sizes.

    Returns:
        A short description of each; empty if there is none.
    """
    paper, protocol = claim["paper"], claim["paper"]["protocol"]
    if {"stop_epoch", "max_epochs"} <= set(runs):  # a run that ended by itself is the same under the paper's limit
        by_itself = runs["stop_epoch"] < runs["max_epochs"].clip(upper=protocol["max_epochs"])
        runs = runs.assign(max_epochs=runs["max_epochs"].mask(by_itself, protocol["max_epochs"]))
    others = {kind: set(runs[kind]) - set(paper[key]) for kind, key in (("corpus", "corpora"), ("encoder", "encoders"))}
    found = [f"{kind} {titles([key], kind)}" for kind, keys in others.items() for key in in_order(keys, kind)]
    found += _sizes(runs, paper["corpora"], facts)
    for column, words in SETTINGS.items():
        if column in runs:
            found += _concerning(runs, _settings(runs, column, words, _several(protocol[column])))
        else:
            found.append(f"{words} not recorded")
    found += _concerning(runs, _budgets(runs, protocol["trials"])) if "trials" in runs else ["search not recorded"]
    if is_about_time(claim):
        device = protocol["device"]
        devices = ((name, f"times on {name} instead of {device}") for name in runs["device"])
        found += _concerning(runs, (None if device in name else (name, text) for name, text in devices))
    return found


def is_about_time(claim: dict[str, Any]) -> bool:
    """Whether a claim compares seconds."""
    return "whole" in claim["measure"] or "device" in claim["measure"].get("alike", [])


def timed_alone(measurements: list[Measurement], runs: pd.DataFrame) -> list[Measurement]:
    """Measurements of times; those of runs that were timed beside other work can decide nothing."""
    ruled = []
    for one in measurements:
        loads = rows_behind([one], runs).get("load", pd.Series(dtype=float))
        busy, most = loads[loads > QUIET], number(loads.max(), 1)
        why = f"{len(busy)} of {len(loads)} runs were timed while up to {most} other cores were busy"
        ruled.append(replace(one, missing=one.missing or why) if len(busy) else one)
    return ruled


def _sizes(runs: pd.DataFrame, corpora: list[str], facts: Facts) -> Iterator[str]:
    """Differences in documents and trained parameters; a corpus that the claim is not about is named as such."""
    found: dict[str, set[str]] = {}
    for (corpus, encoder), own in runs.groupby(TASK):
        for difference in size_differences(own, corpus, encoder, facts):
            if corpus in corpora or difference.startswith("trained"):
                found.setdefault(difference, set()).add(corpus)
    for difference, where in found.items():
        yield difference if where == set(runs["corpus"]) else f"{difference} on {titles(where, 'corpus')}"


# A difference of one run, and what several are sorted by; None where it is as in the paper.
Difference = tuple[Any, str] | None


def _several(accepted: Any) -> list[Any]:
    return accepted if isinstance(accepted, list) else [accepted]


def _settings(runs: pd.DataFrame, column: str, words: str, accepted: list[Any]) -> Iterator[Difference]:
    for value in runs[column]:
        value = ABSENT[column] if column in ABSENT and pd.isna(value) else value
        shown = f"{value:g}" if isinstance(value, int | float) else value
        text = f"{words} {shown} instead of {' or '.join(map(str, accepted))}"
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
