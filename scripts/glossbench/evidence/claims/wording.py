"""Numbers, verdicts, caveats and needs of claims as text."""

import math
from typing import Any

import pandas as pd

from glossbench.evidence.claims.measurement import (
    CONFIRMED,
    CONTRADICTED,
    UNDECIDED,
    Measurement,
    cells_behind,
    decide,
    least_favourable,
    region,
)
from glossbench.evidence.claims.support import FEWEST_CORPORA, FEWEST_SEEDS, Support
from glossbench.evidence.text.names import (
    SYMBOLS,
    corpus_name,
    encoder_name,
    listed,
    objective_name,
    titles,
    tunes_sigma,
)
from glossbench.evidence.text.numbers import DASH, rounded, significant

SCALES = {"share": 100, "percent": 100, "points": 100, "ratio": 1}
DECIMALS = {"share": 0, "percent": 2, "points": 2, "ratio": 2}
UNITS = {"share": " %", "percent": " %", "points": " points", "ratio": ""}
CORPORA = {1: "one corpus", 2: "two corpora", 3: "three corpora"}


def shown(value: float | tuple[float, float], kind: str) -> str:
    """A number, or an interval of two numbers, with its unit.

    Args:
        value: The number, or the ends of the interval; fractions for the kinds with a percent or points unit.
        kind: "share", "percent", "points" or "ratio".
    """
    unit = UNITS[kind]
    if isinstance(value, tuple):
        return f"[{_without_unit(value[0], kind)}, {_without_unit(value[1], kind)}]{unit}"
    return DASH if math.isnan(value) else f"{_without_unit(value, kind)}{unit}"


def bounds(holds: dict[str, Any], kind: str, at_least: float = -math.inf) -> str:
    """The values for which a claim holds, in words."""
    (comparison,) = holds
    lower, upper = region(holds, at_least)
    if comparison == "within":
        return f"from {significant(lower * SCALES[kind])} to {significant(upper * SCALES[kind])}{UNITS[kind]}"
    bound = lower if comparison == "above" else upper
    return f"{comparison.replace('_', ' ')} {significant(bound * SCALES[kind])}{UNITS[kind]}"


def reason(claim: dict[str, Any], measured: list[Measurement], support: Support) -> str:
    """The reason for a verdict in one sentence: the deciding measurement, where its interval lies, and the support.

    Args:
        claim: Entry of the registry.
        measured: All measurements of the claim.
        support: What the verdict rests on.
    """
    deciding = least_favourable(measured, claim["holds"])
    return f"{_case(deciding, len(measured))}{_finding(deciding, claim, support)} ({support.text})."


def _case(deciding: Measurement, n_measured: int) -> str:
    """Which of several measurements decides, as the beginning of a sentence."""
    if not deciding.about:
        return ""
    if deciding.one_of_many:
        return f"{f'In the least favourable of {n_measured} cases, ' if n_measured > 1 else ''}{deciding.about}: "
    hardest = f", the least favourable of {n_measured} baselines" if n_measured > 1 else ""
    return f"Against {objective_name(deciding.about)}{hardest}: "


def _finding(deciding: Measurement, claim: dict[str, Any], support: Support) -> str:
    if math.isnan(deciding.value):
        return deciding.missing
    kind, verdict = claim["shown"], decide(deciding, claim["holds"])
    value = shown(deciding.value, kind)
    if kind == "share":
        value = f"{value}, in {support.holding} of {support.cells} cells"
    where = bounds(claim["holds"], kind, deciding.at_least)
    no_interval = math.isnan(deciding.low)
    interval = "without an interval" if no_interval else f"interval {shown((deciding.low, deciding.high), kind)}"
    parts = {CONFIRMED: f"all of it {where}", CONTRADICTED: f"none of it {where}"}
    part = parts.get(verdict, f"not clearly {where} and not clearly elsewhere")
    lacking = deciding.missing or (verdict == UNDECIDED and deciding.unconfirmed)
    return f"{value}, {interval}: {lacking or part}"


def _without_unit(value: float, kind: str) -> str:
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    scaled = rounded(value * SCALES[kind], DECIMALS[kind]) + 0.0  # no negative zero
    return f"{scaled:{'+' if kind == 'points' else ''}.{DECIMALS[kind]}f}"


def caveats(claim: dict[str, Any], measured: list[Measurement], rows: pd.DataFrame) -> list[str]:
    """List the caveats of a verdict.

    Args:
        claim: Entry of the registry.
        measured: All measurements of the claim.
        rows: Rows of the collected runs that they come from.
    """
    measure, numbers = claim["measure"], [row for one in measured for row in one.numbers]
    of_the_paper = objective_name(measure["gloss"][0])
    found = [
        f"{objective_name(key)} stands for G-Loss where {of_the_paper} was not run"
        for key in sorted({row["gloss"] for row in numbers if "gloss" in row})
        if not tunes_sigma(key)
    ]
    cells = cells_behind(measured)
    if measure.get("per") == "cell" and len(cells) > len({corpus for corpus, _ in cells}):
        found.append(
            "encoders on one corpus are not independent, but the test counts each as an observation of its own"
        )
    if measure["kind"] in ("advantage", "cells-won") and "trials" in rows:
        found += _unequal_searches(measure, rows)
    if same := [row for row in numbers if not row.get("effect", True)]:
        names = listed([f"{corpus_name(row['corpus'])} with {encoder_name(row['encoder'])}" for row in same])
        text = f"{names} {'does' if len(same) == 1 else 'do'} not count, because values differ by no more than seeds do"
        found.append(f"{text} (Friedman's test, p of 0.05 or more)")
    return found


def _unequal_searches(measure: dict[str, Any], rows: pd.DataFrame) -> list[str]:
    """Baselines that were searched less or more than G-Loss, where that is what the paper's code does."""
    ours = set(rows.loc[rows["objective"].isin(measure["gloss"]), "trials"])
    unequal = rows[rows["objective"].isin(measure["baselines"]) & ~rows["trials"].isin(ours)]
    theirs, ours = (listed([str(count) for count in sorted(found)]) for found in (set(unequal["trials"]), ours))
    text = f"{titles(unequal['objective'], 'objective')}: {theirs} trials of a search, against {ours} for G-Loss"
    return [text] if len(unequal) else []


def needed(claim: dict[str, Any]) -> str:
    """What a study must run so that a claim can be judged.

    Args:
        claim: Entry of config/claims.yaml.

    Returns:
        A sentence, e.g. "G-Loss-O + CE or G-Loss-SQRT + CE beside CE and SCL + CE, on three corpora with three seeds."
    """
    measure, named = claim["measure"], claim["measure"].get("only", [])
    *others, last = [objective_name(key) for key in measure["gloss"]]
    gloss = f"{', '.join(others)} or {last}" if others else last
    corpora = (
        listed([corpus_name(key) for key in named]) or CORPORA[min(FEWEST_CORPORA, len(claim["paper"]["corpora"]))]
    )
    return f"{gloss}{_beside(measure)}, on {corpora} with {FEWEST_SEEDS} seeds."


def _beside(measure: dict[str, Any]) -> str:
    kind = measure["kind"]
    if kind == "best-values":
        low, high = measure["band"]
        return f" with values of {SYMBOLS[measure['setting']]} both within and outside {low} – {high}"
    if kind == "swings":
        symbols = [SYMBOLS[setting] for setting in (measure["setting"], *measure["baselines"])]
        return f" without changes, and with the same multiples (such as x0.9 and x1.1) of {listed(symbols)}"
    if kind == "overhead":
        return ""
    return f" beside {listed([objective_name(key) for key in measure['baselines']])}"
