"""Numbers and verdicts of claims as text."""

import math
from typing import Any

from glossbench.evidence.claims.measurement import CONFIRMED, CONTRADICTED, UNDECIDED, Measurement, region
from glossbench.evidence.claims.support import Support
from glossbench.evidence.text.names import objective_name

SCALES = {"share": 100, "percent": 100, "points": 100, "ratio": 1}
FORMATS = {"share": "{:.0f}", "percent": "{:.2f}", "points": "{:+.2f}", "ratio": "{:.2f}"}
UNITS = {"share": " %", "percent": " %", "points": " points", "ratio": ""}


def shown(value: float | tuple[float, float], kind: str) -> str:
    """A number, or an interval of two numbers, with its unit.

    Args:
        value: The number, or the ends of the interval; fractions for the kinds with a percent or points unit.
        kind: "share", "percent", "points" or "ratio".
    """
    unit = UNITS[kind]
    if isinstance(value, tuple):
        return f"[{_without_unit(value[0], kind)}, {_without_unit(value[1], kind)}]{unit}"
    return "–" if math.isnan(value) else f"{_without_unit(value, kind)}{unit}"


def bounds(holds: dict[str, Any], kind: str, at_least: float = -math.inf) -> str:
    """The values for which a claim holds, in words."""
    (comparison,) = holds
    lower, upper = region(holds, at_least)
    if comparison == "within":
        return f"from {lower * SCALES[kind]:.3g} to {upper * SCALES[kind]:.3g}{UNITS[kind]}"
    bound = lower if comparison == "above" else upper
    return f"{comparison.replace('_', ' ')} {bound * SCALES[kind]:.3g}{UNITS[kind]}"


def reason(
    verdict: str, deciding: Measurement, holds: dict[str, Any], kind: str, n_measured: int, support: Support
) -> str:
    """The reason for a verdict in one sentence: the deciding measurement, where its interval lies, and the support.

    Args:
        verdict: The verdict.
        deciding: The least favourable measurement.
        holds: The claim's ``holds``.
        kind: The claim's ``shown``.
        n_measured: Number of the claim's measurements.
        support: What the verdict rests on.
    """
    return f"{_case(deciding, n_measured)}{_finding(verdict, deciding, holds, kind, support)} ({support.text})."


def _case(deciding: Measurement, n_measured: int) -> str:
    """Which of several measurements decides, as the beginning of a sentence."""
    if not deciding.about:
        return ""
    if deciding.one_of_many:
        return (
            f"In the least favourable of {n_measured} cases, {deciding.about}: "
            if n_measured > 1
            else f"{deciding.about}: "
        )
    hardest = f", the least favourable of {n_measured} baselines" if n_measured > 1 else ""
    return f"Against {objective_name(deciding.about)}{hardest}: "


def _finding(verdict: str, deciding: Measurement, holds: dict[str, Any], kind: str, support: Support) -> str:
    if math.isnan(deciding.value):
        return deciding.missing
    value = shown(deciding.value, kind)
    if kind == "share":
        value = f"{value}, in {support.holding} of {support.cells} cells"
    where = bounds(holds, kind, deciding.at_least)
    no_interval = math.isnan(deciding.low)
    interval = "without an interval" if no_interval else f"interval {shown((deciding.low, deciding.high), kind)}"
    parts = {CONFIRMED: f"all of it {where}", CONTRADICTED: f"none of it {where}"}
    part = parts.get(verdict, f"not clearly {where} and not clearly elsewhere")
    lacking = deciding.missing or (verdict == UNDECIDED and deciding.unconfirmed)
    return f"{value}, {interval}: {lacking or part}"


def _without_unit(value: float, kind: str) -> str:
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    text = FORMATS[kind].format(value * SCALES[kind])
    return text.replace("-0.00", "0.00") if float(text) == 0 else text
