"""Gives a verdict for each claim of the registry, on the runs of a study and on the paper's own tables."""

import math
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import pandas as pd

from glossbench.evidence.claims.comparisons import advantage, cells_won
from glossbench.evidence.claims.graphs import (
    undecided_if_uninformative,
    uninformative_graphs,
    uninformative_graphs_text,
)
from glossbench.evidence.claims.measurement import NOT_TESTED, Measurement, cells_behind, decide, least_favourable
from glossbench.evidence.claims.overhead import overhead
from glossbench.evidence.claims.scope import (
    by_number,
    differences_from_paper,
    grid_of,
    is_about_time,
    needs_graphs,
    restricted,
    scope_of,
)
from glossbench.evidence.claims.support import FEWEST_CORPORA, rows_behind, support_of, timed_alone, with_rule
from glossbench.evidence.claims.sweeps import best_values, swings
from glossbench.evidence.claims.wording import bounds, caveats, formatted, needed, noise, reason
from glossbench.evidence.text.names import in_order
from glossbench.frames import CELL
from glossbench.paper import Facts
from glossbench.settings.claims import Claim

Kind = Callable[..., list[Measurement] | str]
# Kinds of claims that need means only. The paper prints no table for the others.
OF_MEANS: dict[str, Kind] = {"cells-won": cells_won, "advantage": advantage}
KINDS: dict[str, Kind] = {**OF_MEANS, "overhead": overhead, "best-values": best_values, "swings": swings}


def judge(
    registry: dict[str, Claim],
    facts: Facts,
    runs: pd.DataFrame,
    epochs: pd.DataFrame,
    published: pd.DataFrame | None = None,
) -> list[dict[str, Any]]:
    """Judge every claim, the paper's first, in the order of their numbers.

    If the cells that were run as in the paper suffice for a verdict, they alone decide it; otherwise all cells do.
    ``published`` is from ``published_runs``.

    Returns:
        One mapping per claim with these keys: id, claim, source, quantity; verdict ("confirmed", "contradicted",
        "undecided" or "not tested"); scope ("paper", "part of the paper's grid" or "other data"; None if not tested),
        scope_text and differences_from_paper (list); support (holding, cells, seeds, censored; None if not tested)
        and support_text; value; interval ([low, high] or None); interval_kind; value_text; interval_text; holds_text;
        n; unit; n_runs; reason; noise (sentences: what the seeds can show); macro_f1_verdict (of claims about
        accuracy; else None); without_verdicts (by corpus, the verdict without it; empty with three corpora or fewer);
        caveats and numbers (lists); note; needed (the runs that the claim needs, in words); published (the paper's
        value of the quantity, None if it gives none); published_text; published_verdict and published_reason (of the
        same judge on the paper's own tables, None and empty if there is no table to judge).
    """
    frames = {"runs": runs, "epochs": epochs}
    return [_verdict(key, registry[key], frames, facts, published) for key in by_number(registry)]


def _verdict(
    key: str, claim: Claim, frames: dict[str, Any], facts: Facts, published: pd.DataFrame | None
) -> dict[str, Any]:
    measured = _deciding_cells(claim, frames, facts)
    tested = not isinstance(measured, str)
    found = _judged(claim, measured, frames, facts) if tested else _untested(measured)
    by_f1 = _by_macro_f1(claim, frames, facts) if tested and claim.measure.metric == "accuracy" else None
    without = _without_each(claim, measured, frames, facts) if tested else {}
    return {
        "id": key,
        **{name: getattr(claim, name) for name in ("claim", "source", "quantity")},
        **found,
        "noise": noise(claim, measured, by_f1, without) if tested else [],
        "macro_f1_verdict": by_f1,
        "without_verdicts": without,
        "note": claim.note or "",
        "needed": needed(claim),
        "holds_text": bounds(claim.holds, claim.format),
        **_judge_published(claim, published, measured),
        # last, since they are long
        "numbers": [row for one in measured for row in one.numbers] if tested else [],
    }


def _by_macro_f1(claim: Claim, frames: dict[str, Any], facts: Facts) -> str:
    """The verdict that the same rule gives on macro-F1."""
    measure = claim.measure.model_copy(update={"metric": "macro_f1"})
    return decided(claim.model_copy(update={"measure": measure}), frames, facts)


def _without_each(claim: Claim, measured: list[Measurement], frames: dict[str, Any], facts: Facts) -> dict[str, str]:
    """The verdict without each corpus of those that it rests on; empty if too few would be left for one."""
    cells = cells_behind(measured)
    corpora = in_order((corpus for corpus, _ in cells), "corpus")
    others = {one: frozenset(cell for cell in cells if cell[0] != one) for one in corpora}
    return {
        corpus: decided(claim, restricted(frames, kept), facts)
        for corpus, kept in others.items()
        if len(corpora) > FEWEST_CORPORA
    }


def decided(claim: Claim, frames: dict[str, Any], facts: Facts) -> str:
    """The verdict on a claim alone, from the collected runs and epochs by these names."""
    measured = _deciding_cells(claim, frames, facts)
    if isinstance(measured, str):
        return NOT_TESTED
    return decide(least_favourable(measured, claim.holds), claim.holds)


def _untested(why: str) -> dict[str, Any]:
    texts = dict.fromkeys(["scope_text", "support_text", "interval_kind", "value_text", "interval_text", "unit"], "")
    nothing = {**dict.fromkeys(["scope", "support", "value", "interval"]), "n": 0, "n_runs": 0}
    lists = {"caveats": [], "differences_from_paper": []}
    return {"verdict": NOT_TESTED, **texts, **nothing, **lists, "reason": f"Not tested: {why}."}


def _judged(claim: Claim, measured: list[Measurement], frames: dict[str, Any], facts: Facts) -> dict[str, Any]:
    """The verdict of what was measured, with its numbers as values and as texts."""
    runs = frames["runs"]
    uninformative = (
        uninformative_graphs(measured, frames["epochs"], claim.measure.gloss) if needs_graphs(claim) else None
    )
    graphs = uninformative_graphs_text(uninformative) if uninformative else ""
    holds, kind, paper = claim.holds, claim.format, claim.paper
    deciding = least_favourable(measured, holds)
    stated = deciding if math.isfinite(deciding.value) else measured[0]
    interval = None if math.isnan(stated.low) else (stated.low, stated.high)
    support, rows, cells = support_of(measured, holds, runs), rows_behind(measured, runs), cells_behind(measured)
    differences = differences_from_paper(rows, claim, facts)
    scope, scope_text = scope_of(cells, differences, paper, support)
    why = reason(claim, measured, support)
    return {
        "verdict": decide(deciding, holds),
        "scope": scope,
        "scope_text": scope_text,
        "differences_from_paper": differences,
        "support": asdict(support),
        "support_text": support.text,
        "value": stated.value,
        "interval": interval,
        "interval_kind": stated.interval if interval else "",
        "value_text": formatted(stated.value, kind),
        "interval_text": formatted(interval, kind) if interval else "",
        "n": stated.n,
        "unit": stated.unit,
        "n_runs": len(frozenset().union(*(one.runs for one in measured))),
        "reason": why,
        "caveats": [*caveats(claim, measured, rows), *([] if graphs in why else [graphs])],
    }


def _deciding_cells(claim: Claim, frames: dict[str, Any], facts: Facts) -> list[Measurement] | str:
    """What was measured on the cells that were run as in the paper if they suffice for a verdict, else on all cells."""
    ours = restricted(frames, grid_of(claim.paper))
    measured = _measure(claim, ours)
    if not isinstance(measured, str):
        rows = rows_behind(measured, ours["runs"]).groupby(CELL)
        alike = frozenset(cell for cell, own in rows if not differences_from_paper(own, claim, facts))
        if alike != cells_behind(measured):
            measured = _measure(claim, restricted(ours, alike))
        if not isinstance(measured, str) and not any(one.missing or one.unconfirmed for one in measured):
            return measured
    return _measure(claim, frames)


def _measure(claim: Claim, frames: dict[str, Any], of_paper: bool = False) -> list[Measurement] | str:
    measured = KINDS[claim.measure.kind](claim.measure, **frames)
    if isinstance(measured, str):
        return measured
    ruled = with_rule(measured, claim.paper.corpora, of_paper)
    if is_about_time(claim):
        return timed_alone(ruled, frames["runs"])
    if of_paper or not needs_graphs(claim):
        return ruled
    return undecided_if_uninformative(ruled, frames["epochs"], claim.measure.gloss)


def _judge_published(claim: Claim, published: pd.DataFrame | None, ours: list[Measurement] | str) -> dict[str, Any]:
    """What the judge makes of the paper's own tables, whose means have one row per cell: the rule on seeds is waived.

    Of several published values, the one against the baseline that decides the claim on the study's runs is returned.
    """
    value, verdict, why = claim.published, None, ""
    if published is not None and claim.measure.kind in OF_MEANS:
        rows = restricted({"runs": published}, grid_of(claim.paper))["runs"]
        rows = rows.assign(max_epochs=claim.paper.protocol.max_epochs)
        theirs, holds, value = _measure(claim, {"runs": rows}, of_paper=True), claim.holds, None
        if not isinstance(theirs, str):
            hardest, support = least_favourable(theirs, holds), support_of(theirs, holds, rows, of_paper=True)
            deciding = hardest if isinstance(ours, str) else least_favourable(ours, holds)
            value = next((one.value for one in theirs if one.about == deciding.about), hardest.value)
            verdict, why = decide(hardest, holds), reason(claim, theirs, support)
    text = "" if value is None else formatted(value, claim.format)
    return {"published": value, "published_text": text, "published_verdict": verdict, "published_reason": why}
