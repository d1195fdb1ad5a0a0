"""The verdicts as a Markdown page."""

from collections import Counter
from typing import Any

from glossbench.evidence.claims.measurement import CONFIRMED, CONTRADICTED, NOT_TESTED, UNDECIDED
from glossbench.evidence.claims.scope import OTHER
from glossbench.evidence.text.markdown import escaped, pipe_table
from glossbench.evidence.text.numbers import DASH

HEADERS = ["Claim", "Verdict", "Scope", "Support", "Measured", "95 % interval", "Holds if", "Paper"]
OWN_HEADERS = ["Claim", "Verdict", "Reason"]
WAIVED = "published means have one row per cell, so the rule on seeds is waived"


def to_page(verdicts: list[dict[str, Any]]) -> str:
    """A table of all claims, a section with the reason of each verdict, and the verdicts on the paper's own tables.

    Args:
        verdicts: From ``judge``.
    """
    counts = Counter(row["verdict"] for row in verdicts)
    order = [CONFIRMED, CONTRADICTED, UNDECIDED, NOT_TESTED]
    summary = ", ".join(f"{counts[verdict]} {verdict}" for verdict in order if counts[verdict])
    table = _table(HEADERS, [_row(verdict) for verdict in verdicts])
    shared = _shared_differences(verdicts)
    sections = [_section(verdict, shared) for verdict in verdicts]
    lines = [f"# The paper's claims: {summary}", "", table, "", *_differences(shared), *sections]
    return "\n".join([*lines, *_own_tables(verdicts)])


def _table(headers: list[str], rows: list[list[str]]) -> str:
    return pipe_table(headers, [[escaped(text or DASH) for text in row] for row in rows], right=[False] * len(headers))


def _row(verdict: dict[str, Any]) -> list[str]:
    measured = [verdict["value_text"], verdict["interval_text"], verdict["holds_text"], verdict["published_text"]]
    return [verdict["id"], verdict["verdict"], verdict["scope"], verdict["support_text"], *measured]


def _shared_differences(verdicts: list[dict[str, Any]]) -> list[str]:
    """In what each of several verdicts on other data differs from the paper, so that it can be said once."""
    lists = [verdict["differences_from_paper"] for verdict in verdicts if verdict["differences_from_paper"]]
    return [one for one in lists[0] if all(one in other for other in lists)] if len(lists) > 1 else []


def _differences(shared: list[str]) -> list[str]:
    lead = f"Each verdict on {OTHER} departs from the paper in this:"
    return [lead, "", *(f"- {escaped(difference)}" for difference in shared), ""] if shared else []


def _scope(verdict: dict[str, Any], shared: list[str]) -> str:
    """The scope in words; differences that all share are not said again."""
    if not (shared and verdict["differences_from_paper"]):
        return verdict["scope_text"]
    own = [difference for difference in verdict["differences_from_paper"] if difference not in shared]
    return f"{verdict['scope']} ({'; '.join(['the departures above', *own])})"


def _section(verdict: dict[str, Any], shared: list[str]) -> str:
    facts = [f"Scope: {_scope(verdict, shared)}."] if verdict["scope"] else []
    facts.append(f"Measured: {verdict['quantity']}.")
    if verdict["interval_kind"]:
        facts.append(f"Interval: {verdict['interval_kind']}.")
    facts += [f"{caveat}." for caveat in verdict["caveats"]]
    facts += [verdict["note"]] if verdict["note"] else []
    lines = [
        f"## {verdict['id']}: {verdict['verdict']}",
        "",
        f"{verdict['claim']} ({verdict['source']})",
        "",
        verdict["reason"],
        "",
        " ".join(facts),
        "",
    ]
    return "\n".join(line if line.startswith("#") else escaped(line) for line in lines)


def _own_tables(verdicts: list[dict[str, Any]]) -> list[str]:
    """What the same judge makes of the paper's own tables, for the claims that they can decide."""
    judged = [row for row in verdicts if row["published_verdict"]]
    if not judged:
        return []
    rows = [[row["id"], row["published_verdict"], row["published_reason"]] for row in judged]
    lead = f"The same judge on the numbers that the paper prints; {WAIVED}. Claims without a table are left out."
    return ["## The paper's own tables", "", escaped(lead), "", _table(OWN_HEADERS, rows), ""]
