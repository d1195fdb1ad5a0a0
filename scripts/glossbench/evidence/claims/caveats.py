"""What a reader of a verdict should know besides its scope and support."""

from typing import Any

import pandas as pd

from glossbench.evidence.claims.competitors import listed
from glossbench.evidence.claims.measurement import Measurement
from glossbench.evidence.text.names import corpus_name, encoder_name, in_order, objective_name, tunes_sigma


def caveats(claim: dict[str, Any], measured: list[Measurement], rows: pd.DataFrame) -> list[str]:
    """List the caveats of a verdict.

    Args:
        claim: Entry of the registry.
        measured: All measurements of the claim.
        rows: Rows of the collected runs that they come from.
    """
    return [
        *_substitutes(claim["measure"]["gloss"], [row for one in measured for row in one.numbers]),
        *_dependent_cells(claim["measure"], measured),
        *_unequal_searches(claim["measure"], rows),
        *_without_effect([row for one in measured for row in one.numbers]),
    ]


def _substitutes(gloss: list[str], numbers: list[dict[str, Any]]) -> list[str]:
    """Where another form of G-Loss was compared than the paper's, whose sigma is tuned."""
    compared = sorted({row["gloss"] for row in numbers if "gloss" in row})
    return [
        f"{objective_name(key)} stands for G-Loss where {objective_name(gloss[0])} was not run"
        for key in compared
        if not tunes_sigma(key)
    ]


def _without_effect(numbers: list[dict[str, Any]]) -> list[str]:
    """Cells that were swept but do not count, because the setting changed nothing there."""
    cells = [row for row in numbers if not row.get("effect", True)]
    names = listed([f"{corpus_name(row['corpus'])} with {encoder_name(row['encoder'])}" for row in cells])
    text = f"{names} {'does' if len(cells) == 1 else 'do'} not count, because values differ by no more than seeds do"
    return [f"{text} (Friedman's test, p of 0.05 or more)"] if cells else []


def _dependent_cells(measure: dict[str, Any], measured: list[Measurement]) -> list[str]:
    cells = frozenset().union(*(one.cells for one in measured))
    if measure.get("per") != "cell" or len(cells) == len({corpus for corpus, _ in cells}):
        return []
    return ["encoders on one corpus are not independent, but the test counts each as an observation of its own"]


def _unequal_searches(measure: dict[str, Any], rows: pd.DataFrame) -> list[str]:
    """Baselines that were searched less or more than G-Loss, where that is what the paper's code does."""
    if measure["kind"] not in ("advantage", "cells-won") or "trials" not in rows:
        return []
    ours = set(rows.loc[rows["objective"].isin(measure["gloss"]), "trials"])
    unequal = rows[rows["objective"].isin(measure["baselines"]) & ~rows["trials"].isin(ours)]
    if not len(unequal):
        return []
    names = listed([objective_name(key) for key in in_order(unequal["objective"], "objective")])
    counts = [listed([str(count) for count in sorted(found)]) for found in (set(unequal["trials"]), ours)]
    return [f"{names}: {counts[0]} trials of a search, against {counts[1]} for G-Loss"]
