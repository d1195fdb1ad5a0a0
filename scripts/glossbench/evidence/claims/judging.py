"""Gives a verdict for each claim of the registry."""

import math
from typing import Any

import pandas as pd

from glossbench.evidence.claims import advantage, best_values, cells_won, overhead, swings
from glossbench.evidence.claims.measurement import (
    CONFIRMED,
    CONTRADICTED,
    NOT_TESTED,
    UNDECIDED,
    Measurement,
    decide,
    least_favourable,
)
from glossbench.evidence.claims.needed import needed
from glossbench.evidence.claims.scope import OTHER, PAPER, paper_cells, restricted
from glossbench.evidence.claims.wording import bounds, reason, shown
from glossbench.evidence.paper.facts import Facts
from glossbench.evidence.selection import bare
from glossbench.evidence.text.names import objective_name, tunes_sigma

KINDS = {
    "cells-won": cells_won.measure,
    "advantage": advantage.measure,
    "overhead": overhead.measure,
    "best-values": best_values.measure,
    "swings": swings.measure,
}


def judge(
    registry: dict[str, dict[str, Any]],
    facts: Facts,
    runs: pd.DataFrame,
    epochs: pd.DataFrame,
    trials: pd.DataFrame | None = None,
    published: pd.DataFrame | None = None,
) -> list[dict[str, Any]]:
    """Judge every claim, in the order of their numbers.

    If the paper's own cells were run and suffice for a verdict, they alone decide it; otherwise all cells do.

    Args:
        registry: config/claims.yaml.
        facts: The paper's sizes.
        runs: The collected runs.
        epochs: The collected epochs.
        trials: The collected trials; None if the study has no search.
        published: From ``published_runs``.

    Returns:
        One mapping per claim with these keys: id, claim, source, quantity; scope ("paper" if only the paper's cells
        were used, with all documents; else "other data"; None if not tested); verdict ("confirmed", "contradicted",
        "undecided" or "not tested"); value; interval ([low, high] or None); interval_kind; value_text; interval_text;
        holds_text; n; unit; n_runs; reason; caveats and numbers (lists); note; needed (the runs that the
        claim needs, in words); published (the paper's value of the
        quantity, None if it gives none); published_text; published_verdict (the verdict of the same rule on the
        paper's own tables, None if they do not suffice).
    """
    frames = {"runs": runs, "epochs": epochs, "trials": trials}
    return [_verdict(key, registry[key], frames, facts, published) for key in sorted(registry, key=_place)]


def _place(key: str) -> int:
    return int(key.removeprefix("C"))


def _verdict(
    key: str, claim: dict[str, Any], frames: dict[str, Any], facts: Facts, published: pd.DataFrame | None
) -> dict:
    scope, measured = _measured(claim, frames, facts)
    about = {name: claim[name] for name in ("claim", "source", "quantity")}
    theirs, their_verdict = _published(claim, published, measured)
    details = {
        "note": claim.get("note", ""),
        "needed": needed(claim),
        "holds_text": bounds(claim["holds"], claim["shown"]),
        "published": theirs,
        "published_text": "" if theirs is None else shown(theirs, claim["shown"]),
        "published_verdict": their_verdict,
    }
    if isinstance(measured, str):
        return {"id": key, **about, **_not_tested(measured), **details}
    deciding = least_favourable(measured, claim["holds"])
    verdict = verdict_of(measured, claim["holds"])
    stated = deciding if math.isfinite(deciding.value) else measured[0]
    no_interval = math.isnan(stated.low)
    numbers = [row for one in measured for row in one.numbers]
    return {
        "id": key,
        **about,
        "scope": scope,
        "verdict": verdict,
        "value": stated.value,
        "interval": None if no_interval else [stated.low, stated.high],
        "interval_kind": "" if no_interval else stated.interval,
        "value_text": shown(stated.value, claim["shown"]),
        "interval_text": "" if no_interval else shown((stated.low, stated.high), claim["shown"]),
        "n": stated.n,
        "unit": stated.unit,
        "n_runs": len(frozenset().union(*(one.runs for one in measured))),
        "reason": reason(verdict, deciding, claim["holds"], claim["shown"], len(measured)),
        "caveats": _caveats(numbers, claim["measure"]["gloss"], stated, frames["runs"]),
        **details,
        "numbers": numbers,
    }


def verdict_of(found: list[Measurement], holds: dict[str, Any]) -> str:
    """The verdict of several measurements: confirmed by all, contradicted by any, else undecided."""
    verdicts = {decide(one, holds) for one in found}
    if CONTRADICTED in verdicts:
        return CONTRADICTED
    return CONFIRMED if verdicts == {CONFIRMED} else UNDECIDED


def _measured(claim: dict[str, Any], frames: dict[str, Any], facts: Facts) -> tuple[str, list[Measurement] | str]:
    """Scope and measurements: on the paper's cells if they suffice for a verdict, else on all cells."""
    own = paper_cells(frames["runs"], claim["paper"], facts)
    measured = _measure(claim, restricted(frames, own))
    if not isinstance(measured, str) and not any(one.missing for one in measured):
        return PAPER, measured
    measured = _measure(claim, frames)
    inside = not isinstance(measured, str) and all(one.cells <= own for one in measured)
    return PAPER if inside else OTHER, measured


def _measure(claim: dict[str, Any], frames: dict[str, Any]) -> list[Measurement] | str:
    return KINDS[claim["measure"]["kind"]](claim["measure"], claim["needs"], **frames)


def _published(
    claim: dict[str, Any], published: pd.DataFrame | None, ours: list[Measurement] | str
) -> tuple[float | None, str | None]:
    """The quantity and the verdict from the paper's own tables, for the kinds of claims that need only means.

    Of several values, the one against the same baseline as ours is returned.
    """
    if published is None or claim["measure"]["kind"] not in ("cells-won", "advantage"):
        return claim.get("published"), None
    own = published["corpus"].isin(claim["paper"]["corpora"]) & published["encoder"].isin(claim["paper"]["encoders"])
    theirs = _measure(claim, {"runs": published[own]})
    if isinstance(theirs, str):
        return None, None
    deciding = least_favourable(theirs if isinstance(ours, str) else ours, claim["holds"])
    same = [one for one in theirs if one.about == deciding.about] or [least_favourable(theirs, claim["holds"])]
    return same[0].value, None if any(one.missing for one in theirs) else verdict_of(theirs, claim["holds"])


def _not_tested(why: str) -> dict[str, Any]:
    empty = {"value": None, "interval": None, "interval_kind": "", "value_text": "", "interval_text": ""}
    counts = {"n": 0, "unit": "", "n_runs": 0, "numbers": [], "caveats": []}
    return {"scope": None, "verdict": NOT_TESTED, **empty, **counts, "reason": f"Not tested: {why}."}


def _caveats(numbers: list[dict[str, Any]], gloss: list[str], stated: Measurement, runs: pd.DataFrame) -> list[str]:
    """Differences between these runs and the paper's other than corpora, encoders and documents.

    Args:
        numbers: Rows behind the measurements.
        gloss: Objectives that count as G-Loss: first the paper's, whose sigma is tuned, then its replacements.
        stated: The measurement that is shown.
        runs: The collected frame.
    """
    used = {row.get("gloss", row.get("objective")) for row in numbers} - {None}
    rows = bare(runs)
    rows = restricted({"runs": rows[rows["objective"].isin(used)]}, stated.cells)["runs"]
    caveats = []
    for key in filter(tunes_sigma, sorted(used)):
        tuned = rows.loc[rows["objective"] == key, "tuned"] if "tuned" in rows else rows[:0]
        if len(tuned) and not tuned.astype(bool).all():
            caveats.append(f"{objective_name(key)} was run with settings that were not tuned")
    compared = sorted({row["gloss"] for row in numbers if "gloss" in row})
    caveats += [
        f"{objective_name(key)} stands for G-Loss where {objective_name(gloss[0])} was not run"
        for key in compared
        if not tunes_sigma(key)
    ]
    return caveats
