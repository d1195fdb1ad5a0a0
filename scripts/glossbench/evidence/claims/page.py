"""The verdicts as a Markdown page."""

from collections import Counter
from typing import Any

from glossbench.evidence.claims.measurement import CONFIRMED, CONTRADICTED, NOT_TESTED, UNDECIDED
from glossbench.evidence.claims.wording import counted
from glossbench.evidence.text.markdown import escaped, pipe_table
from glossbench.evidence.text.numbers import DASH

HEADERS = ["Claim", "Verdict", "Tested on", "Measured", "95 % interval", "Holds if", "Paper", "Behind it"]


def to_page(verdicts: list[dict[str, Any]]) -> str:
    """A table of all claims, then a section with the reason of each verdict.

    Args:
        verdicts: From ``judge``.
    """
    counts = Counter(row["verdict"] for row in verdicts)
    order = [CONFIRMED, CONTRADICTED, UNDECIDED, NOT_TESTED]
    summary = ", ".join(f"{counts[verdict]} {verdict}" for verdict in order if counts[verdict])
    rows = [[escaped(text) for text in _row(verdict)] for verdict in verdicts]
    table = pipe_table(HEADERS, rows, right=[False] * len(HEADERS))
    return "\n".join([f"# The paper's claims: {summary}", "", table, "", *map(_section, verdicts)])


def _row(verdict: dict[str, Any]) -> list[str]:
    behind = f"{counted(verdict['n'], verdict['unit'])}, {counted(verdict['n_runs'], 'runs')}" if verdict["n"] else DASH
    behind = behind.split(", ")[0] if verdict["unit"] in ("runs", "searches") else behind
    cells = [verdict["id"], verdict["verdict"], verdict["scope"], verdict["value_text"], verdict["interval_text"]]
    return [cell or DASH for cell in [*cells, verdict["holds_text"], verdict["published_text"], behind]]


def _section(verdict: dict[str, Any]) -> str:
    facts = [f"Measured: {verdict['quantity']}."]
    if verdict["interval_kind"]:
        facts.append(f"Interval: {verdict['interval_kind']}.")
    facts += [f"{caveat}." for caveat in verdict["caveats"]]
    if verdict["published_verdict"]:
        facts.append(f"The same rule on the paper's own tables: {verdict['published_verdict']}.")
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
