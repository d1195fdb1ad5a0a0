"""A verdict for each claim of the registry."""

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
    """One mapping a claim, in the registry's order.

    registry: config/claims.yaml. runs, epochs, trials: the collected frames. published: from ``published_runs``.
    Keys: id, claim, source, scope ("paper" where it stands on the paper's cells alone, with all documents; "other
    data"; None where not tested), verdict (confirmed, contradicted, undecided, not tested), quantity, value,
    interval ([low, high] or None), interval_kind, value_text, interval_text, holds_text, n, unit, n_runs, reason,
    caveats and numbers (lists), note, published (the paper's value of the quantity, None where it gives none),
    published_text, published_verdict (what the same rule makes of the paper's own tables, None where they do not
    say enough). The paper's cells decide by themselves where they can; else all cells do.
    """
    frames = {"runs": runs, "epochs": epochs, "trials": trials}
    return [_judged(key, registry[key], frames, facts, published) for key in sorted(registry, key=_place)]


def _place(key: str) -> int:
    return int(key.removeprefix("C"))


def _judged(
    key: str, claim: dict[str, Any], frames: dict[str, Any], facts: Facts, published: pd.DataFrame | None
) -> dict:
    scope, found = _measured(claim, frames, facts)
    about = {name: claim[name] for name in ("claim", "source", "quantity")}
    theirs, their_verdict = _published(claim, published, found)
    told = {
        "note": claim.get("note", ""),
        "holds_text": bounds(claim["holds"], claim["shown"]),
        "published": theirs,
        "published_text": "" if theirs is None else shown(theirs, claim["shown"]),
        "published_verdict": their_verdict,
    }
    if isinstance(found, str):
        return {"id": key, **about, **_nothing(found), **told}
    deciding = least_favourable(found, claim["holds"])
    verdict = verdict_of(found, claim["holds"])
    stated = deciding if math.isfinite(deciding.value) else found[0]
    no_interval = math.isnan(stated.low)
    numbers = [row for one in found for row in one.numbers]
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
        "n_runs": len(frozenset().union(*(one.runs for one in found))),
        "reason": reason(verdict, deciding, claim["holds"], claim["shown"], len(found)),
        "caveats": _caveats(numbers, claim["measure"]["gloss"], stated, frames["runs"]),
        **told,
        "numbers": numbers,
    }


def verdict_of(found: list[Measurement], holds: dict[str, Any]) -> str:
    """Confirmed by all measurements, contradicted by any, else undecided."""
    verdicts = {decide(one, holds) for one in found}
    if CONTRADICTED in verdicts:
        return CONTRADICTED
    return CONFIRMED if verdicts == {CONFIRMED} else UNDECIDED


def _measured(claim: dict[str, Any], frames: dict[str, Any], facts: Facts) -> tuple[str, list[Measurement] | str]:
    own = paper_cells(frames["runs"], claim["paper"], facts)
    found = _measure(claim, restricted(frames, own))
    if not isinstance(found, str) and not any(one.missing for one in found):
        return PAPER, found
    found = _measure(claim, frames)
    inside = not isinstance(found, str) and all(one.cells <= own for one in found)
    return PAPER if inside else OTHER, found


def _measure(claim: dict[str, Any], frames: dict[str, Any]) -> list[Measurement] | str:
    return KINDS[claim["measure"]["kind"]](claim["measure"], claim["needs"], **frames)


def _published(
    claim: dict[str, Any], published: pd.DataFrame | None, ours: list[Measurement] | str
) -> tuple[float | None, str | None]:
    """The quantity and verdict by the paper's own tables, for the kinds that need no more than its means.

    Of several values the one against the same baseline as ours.
    """
    if published is None or claim["measure"]["kind"] not in ("cells-won", "advantage"):
        return claim.get("published"), None
    own = published["corpus"].isin(claim["paper"]["corpora"]) & published["encoder"].isin(claim["paper"]["encoders"])
    found = _measure(claim, {"runs": published[own]})
    if isinstance(found, str):
        return None, None
    deciding = least_favourable(found if isinstance(ours, str) else ours, claim["holds"])
    same = [one for one in found if one.about == deciding.about] or [least_favourable(found, claim["holds"])]
    return same[0].value, None if any(one.missing for one in found) else verdict_of(found, claim["holds"])


def _nothing(why: str) -> dict[str, Any]:
    empty = {"value": None, "interval": None, "interval_kind": "", "value_text": "", "interval_text": ""}
    counts = {"n": 0, "unit": "", "n_runs": 0, "numbers": [], "caveats": []}
    return {"scope": None, "verdict": NOT_TESTED, **empty, **counts, "reason": f"Not tested: {why}."}


def _caveats(numbers: list[dict[str, Any]], gloss: list[str], stated: Measurement, runs: pd.DataFrame) -> list[str]:
    """What sets these runs apart from the paper's beyond corpora, encoders and documents.

    Args:
        numbers: Rows behind the measurements.
        gloss: Objectives that count as G-Loss: the paper's, whose sigma is tuned, then those that stand for it.
        stated: The measurement that is shown.
        runs: The collected frame.
    """
    used = {row.get("gloss", row.get("objective")) for row in numbers} - {None}
    rows = bare(runs)
    rows = restricted({"runs": rows[rows["objective"].isin(used)]}, stated.cells)["runs"]
    found = []
    for key in filter(tunes_sigma, sorted(used)):
        tuned = rows.loc[rows["objective"] == key, "tuned"] if "tuned" in rows else rows[:0]
        if len(tuned) and not tuned.astype(bool).all():
            found.append(f"{objective_name(key)} was run with settings that were not tuned")
    compared = sorted({row["gloss"] for row in numbers if "gloss" in row})
    found += [
        f"{objective_name(key)} stands for G-Loss where {objective_name(gloss[0])} was not run"
        for key in compared
        if not tunes_sigma(key)
    ]
    return found
