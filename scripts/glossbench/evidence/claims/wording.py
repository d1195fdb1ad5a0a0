"""Numbers, verdicts, caveats and needs of claims as text."""

import math
from collections.abc import Callable

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
from glossbench.evidence.statistics.scores import in_percent
from glossbench.evidence.text.names import (
    SYMBOLS,
    corpus_name,
    encoder_name,
    listed,
    objective_name,
    titles,
    tunes_sigma,
)
from glossbench.evidence.text.numbers import DASH, rounded, significant, span
from glossbench.settings.claims import Claim, Condition

# Factor, decimals and unit by the kind of number.
KINDS = {"share": (100, 0, " %"), "percent": (100, 2, " %"), "points": (100, 2, " points"), "ratio": (1, 2, "")}
CORPORA = {1: "one corpus", 2: "two corpora", 3: "three corpora"}


def formatted(value: float | tuple[float, float], kind: str) -> str:
    """A number, or an interval of two numbers, with its unit.

    Args:
        value: The number, or the ends of the interval; fractions for the kinds with a percent or points unit.
        kind: "share", "percent", "points" or "ratio".
    """
    scale, decimals, unit = KINDS[kind]

    def text(value: float) -> str:
        if math.isinf(value):
            return "∞" if value > 0 else "-∞"
        scaled = rounded(value * scale, decimals) + 0.0  # no negative zero
        return f"{scaled:{'+' if kind == 'points' else ''}.{decimals}f}"

    if isinstance(value, tuple):
        return f"[{text(value[0])}, {text(value[1])}]{unit}"
    return DASH if math.isnan(value) else f"{text(value)}{unit}"


def bounds(holds: Condition, kind: str, at_least: float = -math.inf) -> str:
    """The values for which a claim holds, in words."""
    (comparison, _), found, (scale, _, unit) = holds.condition, region(holds, at_least), KINDS[kind]
    if comparison == "within":
        return f"from {significant(found.left * scale)} to {significant(found.right * scale)}{unit}"
    bound = found.left if comparison == "above" else found.right
    return f"{comparison.replace('_', ' ')} {significant(bound * scale)}{unit}"


def reason(claim: Claim, measured: list[Measurement], support: Support) -> str:
    """The reason for a verdict in one sentence: the deciding measurement, where its interval lies, and the support."""
    deciding, several, case = least_favourable(measured, claim.holds), len(measured) > 1, ""
    if deciding.one_of_many:
        case = f"{f'In the least favourable of {len(measured)} cases, ' if several else ''}{deciding.about}: "
    elif deciding.about:
        hardest = f", the least favourable of {len(measured)} baselines" if several else ""
        case = f"Against {objective_name(deciding.about)}{hardest}: "
    return f"{case}{_finding(deciding, claim, support)} ({support.text})."


def _finding(deciding: Measurement, claim: Claim, support: Support) -> str:
    if math.isnan(deciding.value):
        return deciding.missing
    kind, verdict = claim.format, decide(deciding, claim.holds)
    value = formatted(deciding.value, kind)
    if kind == "share":
        value = f"{value}, in {support.holding} of {support.cells} cells"
    where = bounds(claim.holds, kind, deciding.at_least)
    no_interval = math.isnan(deciding.low)
    interval = "without an interval" if no_interval else f"interval {formatted((deciding.low, deciding.high), kind)}"
    parts = {CONFIRMED: f"all of it {where}", CONTRADICTED: f"none of it {where}"}
    part = parts.get(verdict, f"not clearly {where} and not clearly elsewhere")
    return f"{value}, {interval}: {deciding.missing or (verdict == UNDECIDED and deciding.unconfirmed) or part}"


def noise(claim: Claim, measured: list[Measurement], by_macro_f1: str | None, without: dict[str, str]) -> list[str]:
    """What the seeds or corpora of a comparison can show, and the verdict by macro-F1 or without a corpus, in words."""
    measure, deciding = claim.measure, least_favourable(measured, claim.holds)
    tested = [row for row in deciding.numbers if not math.isnan(row.get("p_holm", math.nan))]
    means = next((row["means"] for row in deciding.numbers if "means" in row), {})
    kind, found = "percent" if in_percent(measure.metric) else "ratio", []
    if tested:
        what = "a factor" if measure.effect == "ratio" else "a difference"
        whom = objective_name(deciding.about) if deciding.about else "the best baseline of a cell"
        smallest = _ends(tested, "smallest", lambda value: formatted(value, kind).removesuffix(" %"))
        smallest += " points" if kind == "percent" else ""
        p = _ends(tested, "p_holm", lambda value: significant(value, 2))
        unit = deciding.unit if deciding.about else "seeds"
        found.append(f"With a power of 80 %, these {unit} show {what} of {smallest} from {whom}, and Holm's p is {p}")
    if means:
        listing = ", ".join(f"{objective_name(key)} {formatted(mean, kind)}" for key, mean in means.items())
        found.append(f"Mean over cells: {listing}")
    if by_macro_f1:
        found.append(f"By macro-F1: {by_macro_f1}")
    if without:
        verdict = decide(deciding, claim.holds)
        other = [f"Without {corpus_name(corpus)}: {word}" for corpus, word in without.items() if word != verdict]
        found += other or ["Without any one corpus: the same"]
    return found


def _ends(rows: list[dict], name: str, text_of: Callable[[float], str]) -> str:
    values = [row[name] for row in rows]
    return span(min(values), max(values), text_of, " to ")


def caveats(claim: Claim, measured: list[Measurement], rows: pd.DataFrame) -> list[str]:
    """List the caveats of a verdict, of its measurements and the rows of the collected runs that they come from."""
    measure, numbers = claim.measure, [row for one in measured for row in one.numbers]
    cells, of_the_paper = cells_behind(measured), objective_name(measure.gloss[0])
    found = [
        f"{objective_name(key)} stands for G-Loss where {of_the_paper} was not run"
        for key in sorted({row["gloss"] for row in numbers if "gloss" in row} - {measure.gloss[0]})
        if not tunes_sigma(key)
    ]
    if measure.per == "cell" and len(cells) > len({corpus for corpus, _ in cells}):
        found.append(
            "encoders on one corpus are not independent, but the test counts each as an observation of its own"
        )
    if measure.kind in ("advantage", "cells-won"):
        ours = set(rows.loc[rows["objective"].isin(measure.gloss), "trials"])
        unequal = rows[rows["objective"].isin(measure.baselines) & ~rows["trials"].isin(ours)]
        if len(unequal):
            theirs, ours = (listed([*map(str, sorted(counts))]) for counts in (set(unequal["trials"]), ours))
            whose = titles(unequal["objective"], "objective")
            found.append(f"{whose}: {theirs} trials of a search, against {ours} for G-Loss")
    if same := [row for row in numbers if not row.get("effect", True)]:
        names = listed([f"{corpus_name(row['corpus'])} with {encoder_name(row['encoder'])}" for row in same])
        text = f"{names} {'does' if len(same) == 1 else 'do'} not count, because values differ by no more than seeds do"
        found.append(f"{text} (Friedman's test, p of 0.05 or more)")
    return found


def needed(claim: Claim) -> str:
    """What a study must run so that a claim can be judged.

    Returns:
        A sentence, e.g. "G-Loss-O + CE or G-Loss-SQRT + CE beside CE and SCL + CE, on three corpora with 3 seeds."
    """
    measure, kind = claim.measure, claim.measure.kind
    *others, last = map(objective_name, measure.gloss)
    gloss = f"{', '.join(others)} or {last}" if others else last
    named = listed([*map(corpus_name, measure.only)])
    corpora = named or CORPORA[min(FEWEST_CORPORA, len(claim.paper.corpora))]
    beside = ""
    if kind == "best-values":
        low, high = measure.band
        beside = f" with values of {SYMBOLS[measure.setting]} both within and outside {low} – {high}"
    elif kind == "swings":
        symbols = listed([SYMBOLS[setting] for setting in (measure.setting, *measure.baselines)])
        beside = f" without changes, and with the same multiples (such as x0.9 and x1.1) of {symbols}"
    elif kind != "overhead":
        beside = f" beside {listed([*map(objective_name, measure.baselines)])}"
    return f"{gloss}{beside}, on {corpora} with {FEWEST_SEEDS} seeds."
