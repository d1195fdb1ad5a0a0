"""Gives a verdict for each claim of the registry."""

import math
from typing import Any

import pandas as pd

from glossbench.evidence.claims import advantage, best_values, cells_won, overhead, swings
from glossbench.evidence.claims.caveats import caveats
from glossbench.evidence.claims.departures import departures
from glossbench.evidence.claims.measurement import NOT_TESTED, Cell, Measurement, least_favourable, verdict_of
from glossbench.evidence.claims.needed import needed
from glossbench.evidence.claims.own_tables import judge_published
from glossbench.evidence.claims.scope import grid_of, restricted, scope_of, scope_text
from glossbench.evidence.claims.support import rows_behind, support_of, with_rule
from glossbench.evidence.claims.wording import bounds, reason, shown
from glossbench.paper import Facts

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

    If the cells that were run as in the paper suffice for a verdict, they alone decide it; otherwise all cells do.

    Args:
        registry: config/claims.yaml.
        facts: The paper's sizes.
        runs: The collected runs.
        epochs: The collected epochs.
        trials: The collected trials; None if the study has no search.
        published: From ``published_runs``.

    Returns:
        One mapping per claim with these keys: id, claim, source, quantity; verdict ("confirmed", "contradicted",
        "undecided" or "not tested"); scope ("paper", "part of the paper's grid" or "other data"; None if not tested),
        scope_text and departures (list); support (holding, cells, seeds, censored; None if not tested) and
        support_text; value; interval ([low, high] or None); interval_kind; value_text; interval_text; holds_text; n;
        unit; n_runs; reason; caveats and numbers (lists); note; needed (the runs that the claim needs, in words);
        published (the paper's value of the quantity, None if it gives none); published_text; published_verdict and
        published_reason (of the same judge on the paper's own tables, None and empty if there is no table to judge).
    """
    frames = {"runs": runs, "epochs": epochs, "trials": trials}
    return [_verdict(key, registry[key], frames, facts, published) for key in sorted(registry, key=_place)]


def _place(key: str) -> int:
    return int(key.removeprefix("C"))


def _verdict(
    key: str, claim: dict[str, Any], frames: dict[str, Any], facts: Facts, published: pd.DataFrame | None
) -> dict:
    measured = _deciding_cells(claim, frames, facts)
    about = {name: claim[name] for name in ("claim", "source", "quantity")}
    details = {
        "note": claim.get("note", ""),
        "needed": needed(claim),
        "holds_text": bounds(claim["holds"], claim["shown"]),
        **judge_published(claim, published, measured),
    }
    if isinstance(measured, str):
        return {"id": key, **about, **_not_tested(measured), **details}
    deciding = least_favourable(measured, claim["holds"])
    verdict = verdict_of(measured, claim["holds"])
    stated = deciding if math.isfinite(deciding.value) else measured[0]
    no_interval = math.isnan(stated.low)
    support = support_of(measured, claim["holds"], frames["runs"])
    rows = rows_behind(measured, frames["runs"])
    cells, found = _cells(measured), _departures(claim, rows, facts)
    scope = scope_of(cells, found, claim["paper"], support)
    return {
        "id": key,
        **about,
        "verdict": verdict,
        "scope": scope,
        "scope_text": scope_text(scope, cells, found, claim["paper"]),
        "departures": found,
        "support": {name: getattr(support, name) for name in ("holding", "cells", "seeds", "censored")},
        "support_text": support.text,
        "value": stated.value,
        "interval": None if no_interval else [stated.low, stated.high],
        "interval_kind": "" if no_interval else stated.interval,
        "value_text": shown(stated.value, claim["shown"]),
        "interval_text": "" if no_interval else shown((stated.low, stated.high), claim["shown"]),
        "n": stated.n,
        "unit": stated.unit,
        "n_runs": len(frozenset().union(*(one.runs for one in measured))),
        "reason": reason(verdict, deciding, claim["holds"], claim["shown"], len(measured), support),
        "caveats": caveats(claim, measured, rows),
        **details,
        "numbers": [row for one in measured for row in one.numbers],
    }


def _deciding_cells(claim: dict[str, Any], frames: dict[str, Any], facts: Facts) -> list[Measurement] | str:
    """What was measured on the cells that were run as in the paper if they suffice for a verdict, else on all cells."""
    ours = restricted(frames, grid_of(claim["paper"]))
    measured = _measure(claim, ours)
    if not isinstance(measured, str):
        rows = rows_behind(measured, ours["runs"]).groupby(["corpus", "encoder"])
        alike = frozenset(cell for cell, own in rows if not _departures(claim, own, facts))
        if alike != _cells(measured):
            measured = _measure(claim, restricted(ours, alike))
        if not isinstance(measured, str) and not any(one.missing or one.unconfirmed for one in measured):
            return measured
    return _measure(claim, frames)


def _measure(claim: dict[str, Any], frames: dict[str, Any]) -> list[Measurement] | str:
    measured = KINDS[claim["measure"]["kind"]](claim["measure"], **frames)
    return measured if isinstance(measured, str) else with_rule(measured, claim["paper"]["corpora"])


def _departures(claim: dict[str, Any], rows: pd.DataFrame, facts: Facts) -> list[str]:
    return departures(rows, claim["paper"], facts, timed=_is_timed(claim["measure"]))


def _is_timed(measure: dict[str, Any]) -> bool:
    return "whole" in measure or "device" in measure.get("alike", [])


def _cells(measured: list[Measurement]) -> frozenset[Cell]:
    return frozenset().union(*(one.cells for one in measured))


def _not_tested(why: str) -> dict[str, Any]:
    empty = {"value": None, "interval": None, "interval_kind": "", "value_text": "", "interval_text": ""}
    counts = {"n": 0, "unit": "", "n_runs": 0, "numbers": [], "caveats": [], "departures": []}
    scope = {"scope": None, "scope_text": "", "support": None, "support_text": ""}
    return {"verdict": NOT_TESTED, **scope, **empty, **counts, "reason": f"Not tested: {why}."}
