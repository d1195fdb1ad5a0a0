"""The verdicts as a Markdown page."""

from collections import Counter
from typing import Any

from glossbench.evidence.claims.measurement import VERDICTS
from glossbench.evidence.claims.scope import OTHER, of_the_paper
from glossbench.evidence.text.markdown import escaped, pipe_table
from glossbench.evidence.text.numbers import DASH

COLUMNS = {"Claim": "id", "Verdict": "verdict", "Scope": "scope", "Support": "support_text", "Measured": "value_text",
           "95 % interval": "interval_text", "Holds if": "holds_text", "Paper": "published_text"}  # fmt: skip
OF_OUR_OWN = {name: key for name, key in COLUMNS.items() if name != "Paper"}
OWN_COLUMNS = {"Claim": "id", "Verdict": "published_verdict", "Reason": "published_reason"}
OWN_LEAD = (
    "The same judge on the numbers that the paper prints; published means have one row per cell, so the rule on seeds "
    "is waived. Claims without a table are left out."
)


def to_page(verdicts: list[dict[str, Any]]) -> str:
    """A table of all claims, a section with the reason of each verdict, and the verdicts on the paper's own tables."""
    parts = []
    for tallied, rows in tallies(verdicts).items():
        columns = COLUMNS if of_the_paper(rows[0]["id"]) else OF_OUR_OWN
        parts += [f"{'##' if parts else '#'} {tallied}", _table(columns, rows)]
    lists = [row["differences_from_paper"] for row in verdicts if row["differences_from_paper"]]
    shared = [one for one in lists[0] if all(one in other for other in lists)] if len(lists) > 1 else []
    if shared:
        parts.append(f"Each verdict on {OTHER} differs from the paper in this:")
        parts.append("\n".join(f"- {escaped(difference)}" for difference in shared))
    for row in verdicts:
        parts.append(f"## {row['id']}: {row['verdict']}")
        parts += map(escaped, (f"{row['claim']} ({row['source']})", row["reason"], " ".join(_facts(row, shared))))
    if judged := [row for row in verdicts if row["published_verdict"]]:
        parts += ["## The paper's own tables", escaped(OWN_LEAD), _table(OWN_COLUMNS, judged)]
    return "\n\n".join(parts) + "\n"


def tallies(verdicts: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """The verdicts on the paper's claims and on our own, by how many claims of each have each verdict, in words."""
    found = {}
    for title, whose in (("The paper's claims", True), ("Claims of our own", False)):
        if rows := [row for row in verdicts if of_the_paper(row["id"]) == whose]:
            counts = Counter(row["verdict"] for row in rows)
            found[f"{title}: {', '.join(f'{counts[one]} {one}' for one in VERDICTS if counts[one])}"] = rows
    return found


def _table(columns: dict[str, str], verdicts: list[dict[str, Any]]) -> str:
    rows = [[escaped(row[key] or DASH) for key in columns.values()] for row in verdicts]
    return pipe_table(list(columns), rows, right=[False] * len(columns))


def _facts(row: dict[str, Any], shared: list[str]) -> list[str]:
    """The facts about a verdict as sentences; differences that all verdicts share are not said again."""
    scope = row["scope_text"]
    if shared and row["differences_from_paper"]:
        own = [difference for difference in row["differences_from_paper"] if difference not in shared]
        scope = f"{row['scope']} ({'; '.join(['the differences above', *own])})"
    named = {"Scope": scope, "Measured": row["quantity"], "Interval": row["interval_kind"]}
    facts = [f"{name}: {text}." for name, text in named.items() if text]
    sentences = (f"{one[0].upper()}{one[1:]}." for one in (*row["noise"], *row["caveats"]))
    return [*facts, *sentences, *([row["note"]] if row["note"] else [])]
