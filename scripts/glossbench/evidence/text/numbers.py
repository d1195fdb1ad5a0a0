"""Numbers as text for readers."""

import math
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal

import pandas as pd

DASH = "–"
DIGITS = 12  # of a number's decimal value


def rounded(value: float, decimals: int) -> float:
    """A number rounded to decimals, halves away from zero.

    Python and numpy round the binary number: 65.35 to 65.3. Here its decimal value counts, which has ``DIGITS`` digits:
    fewer than a float, so that the last digits of a sum do not decide.
    """
    if not math.isfinite(value):
        return value
    return float(Decimal(f"{value:.{DIGITS}g}").quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP))


def number(value: float, decimals: int = 0) -> str:
    """A number with thousands separators; a dash if it is missing."""
    return DASH if pd.isna(value) else f"{rounded(value, decimals):,.{decimals}f}"


def signed(value: float, decimals: int = 2) -> str:
    """A difference with its sign, a true minus, no negative zero; a dash if it is missing."""
    return DASH if pd.isna(value) else f"{rounded(value, decimals) + 0.0:+,.{decimals}f}".replace("-", "−")


def significant(value: float, digits: int = 3) -> str:
    """A number with a number of significant digits; a dash if it is missing."""
    if pd.isna(value):
        return DASH
    decimals = digits - 1 - Decimal(f"{value:.{DIGITS}g}").adjusted() if math.isfinite(value) else 0
    return f"{rounded(value, decimals):.{digits}g}"


def mean_spread(mean: float, std: float, decimals: int = 2) -> str:
    """Mean and spread, e.g. "85.64 ± 0.81"; a missing spread (one seed) is a dash, and so is all if the mean is."""
    return DASH if pd.isna(mean) else f"{number(mean, decimals)} ± {number(std, decimals)}"


def span(low: float, high: float, text_of: Callable[[float], str], between: str = DASH) -> str:
    """A range, e.g. "0.4–0.6", or one number if ``text_of`` gives both ends the same text."""
    return between.join(dict.fromkeys([text_of(low), text_of(high)]))


def duration(seconds: float) -> str:
    """A duration in its two largest units, e.g. "16.3 s", "4 min 05 s", "2 h 03 min"; a dash if it is missing."""
    if math.isnan(seconds):
        return DASH
    if seconds < 59.95:
        return f"{rounded(seconds, 1):.1f} s"
    minutes, rest = divmod(int(rounded(seconds, 0)), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    hours, minutes = divmod(int(rounded(seconds / 60, 0)), 60)
    return f"{hours} h {minutes:02d} min"
