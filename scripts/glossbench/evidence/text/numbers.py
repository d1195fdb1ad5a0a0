"""Numbers as readers see them."""

import math
from collections.abc import Callable

import pandas as pd

DASH = "–"


def number(value: float, decimals: int = 0) -> str:
    """A number with thousands separators; a missing one is a dash."""
    return DASH if pd.isna(value) else f"{value:,.{decimals}f}"


def significant(value: float, digits: int = 3) -> str:
    """A number by its significant digits; a missing one is a dash."""
    return DASH if pd.isna(value) else f"{value:.{digits}g}"


def mean_spread(mean: float, std: float, decimals: int = 2) -> str:
    """``85.64 ± 0.81``; a dash for a missing spread (one seed), and for the whole where the mean is missing."""
    if pd.isna(mean):
        return DASH
    return f"{number(mean, decimals)} ± {number(std, decimals)}"


def span(low: float, high: float, shown: Callable[[float], str]) -> str:
    """``0.4–0.6``, or one value where both look the same; a dash where there is none."""
    ends = [shown(low), shown(high)]
    return ends[0] if ends[0] == ends[1] else DASH.join(ends)


def duration(seconds: float) -> str:
    """A time in the two units a reader needs, e.g. ``16.3 s``, ``4 min 05 s``, ``2 h 03 min``."""
    if math.isnan(seconds):
        return DASH
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes:02d} min"
