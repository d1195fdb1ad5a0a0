"""Numbers and verdicts of claims as text."""

import math
from typing import Any

from glossbench.evidence.claims.measurement import CONFIRMED, CONTRADICTED, Measurement, region
from glossbench.evidence.text.names import objective_name

SCALES = {"share": 100, "percent": 100, "points": 100, "ratio": 1}
FORMATS = {"share": "{:.0f}", "percent": "{:.2f}", "points": "{:+.2f}", "ratio": "{:.2f}"}
SINGULAR = {"cells": "cell", "corpora": "corpus", "runs": "run", "searches": "search", "seeds": "seed"}
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


def reason(verdict: str, deciding: Measurement, holds: dict[str, Any], kind: str, n_measured: int) -> str:
    """The reason for a verdict in one sentence: the deciding measurement, and where its interval lies.

    Args:
        verdict: The verdict.
        deciding: The least favourable measurement.
        holds: The claim's ``holds``.
        kind: The claim's ``shown``.
        n_measured: Number of the claim's measurements.
    """
    compared = f"against {objective_name(deciding.about)}" if deciding.about else ""
    if n_measured > 1 and compared:
        compared += f", the least favourable of {n_measured} baselines"
    prefix = f"{compared[0].upper()}{compared[1:]}: " if compared else ""
    if deciding.missing:
        return f"{prefix}{deciding.missing}."
    where = bounds(holds, kind, deciding.at_least)
    if math.isnan(deciding.low):
        return f"{prefix}{shown(deciding.value, kind)} without an interval."
    parts = {CONFIRMED: f"all of it {where}", CONTRADICTED: f"none of it {where}"}
    part = parts.get(verdict, f"not clearly {where} and not clearly elsewhere")
    return f"{prefix}{shown(deciding.value, kind)}, interval {shown((deciding.low, deciding.high), kind)}: {part}."


def counted(n: int, unit: str) -> str:
    """A count with its unit: "1 run", "2 runs".

    Args:
        n: The count.
        unit: In the plural.
    """
    return f"{n} {SINGULAR.get(unit, unit) if n == 1 else unit}"


def _without_unit(value: float, kind: str) -> str:
    text = FORMATS[kind].format(value * SCALES[kind])
    return text.replace("-0.00", "0.00") if float(text) == 0 else text
