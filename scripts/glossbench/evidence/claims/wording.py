"""Numbers and verdicts of claims as readers are told them."""

import math
from typing import Any

from glossbench.evidence.claims.measurement import CONFIRMED, CONTRADICTED, Measurement, region
from glossbench.evidence.text.names import objective_name

SCALES = {"share": 100, "percent": 100, "points": 100, "ratio": 1}
FORMATS = {"share": "{:.0f}", "percent": "{:.2f}", "points": "{:+.2f}", "ratio": "{:.2f}"}
SINGULAR = {"cells": "cell", "corpora": "corpus", "runs": "run", "searches": "search", "seeds": "seed"}
UNITS = {"share": " %", "percent": " %", "points": " points", "ratio": ""}


def shown(value: float | tuple[float, float], kind: str) -> str:
    """A number, or two as an interval, with its unit: a fraction is shown in percent or percentage points."""
    unit = UNITS[kind]
    if isinstance(value, tuple):
        return f"[{_bare(value[0], kind)}, {_bare(value[1], kind)}]{unit}"
    return "–" if math.isnan(value) else f"{_bare(value, kind)}{unit}"


def bounds(holds: dict[str, Any], kind: str, at_least: float = -math.inf) -> str:
    """Where a claim holds, in words."""
    (comparison,) = holds
    lower, upper = region(holds, at_least)
    if comparison == "within":
        return f"from {lower * SCALES[kind]:.3g} to {upper * SCALES[kind]:.3g}{UNITS[kind]}"
    bound = lower if comparison == "above" else upper
    return f"{comparison.replace('_', ' ')} {bound * SCALES[kind]:.3g}{UNITS[kind]}"


def reason(verdict: str, deciding: Measurement, holds: dict[str, Any], kind: str, n_measured: int) -> str:
    """One sentence: what the verdict hangs on, and where its interval lies."""
    said = f"against {objective_name(deciding.about)}" if deciding.about else ""
    if n_measured > 1 and said:
        said += f", the least favourable of {n_measured} baselines"
    prefix = f"{said[0].upper()}{said[1:]}: " if said else ""
    if deciding.missing:
        return f"{prefix}{deciding.missing}."
    where = bounds(holds, kind, deciding.at_least)
    if math.isnan(deciding.low):
        return f"{prefix}{shown(deciding.value, kind)} without an interval."
    parts = {CONFIRMED: f"all of it {where}", CONTRADICTED: f"none of it {where}"}
    part = parts.get(verdict, f"not clearly {where} and not clearly elsewhere")
    return f"{prefix}{shown(deciding.value, kind)}, interval {shown((deciding.low, deciding.high), kind)}: {part}."


def counted(n: int, unit: str) -> str:
    """A number of things, whose name is given in the plural."""
    return f"{n} {SINGULAR.get(unit, unit) if n == 1 else unit}"


def _bare(value: float, kind: str) -> str:
    text = FORMATS[kind].format(value * SCALES[kind])
    return text.replace("-0.00", "0.00") if float(text) == 0 else text
