"""Makes results/verdicts.md and results/verdicts.json: each claim, with the verdict of the study that judges it.

Several studies of the repository measure a claim, on more or less of what it is about. config/claims.yaml names the one
whose verdict counts (``judged_in``).
"""

import json
from pathlib import Path
from typing import Any

from glossbench.errors import GlossbenchError
from glossbench.evidence.text.markdown import escaped, pipe_table
from glossbench.evidence.text.numbers import DASH
from glossbench.settings.claims import load_claims

LEAD = """# Verdicts

Each claim of the paper, judged by the study that `judged_in` in `config/claims.yaml` names. Written by `make docs` from
`results/*/claims.json`. Reasons, intervals and the rules for verdicts are on the page of the study.

"""
HEADERS = ["Claim", "What is claimed", "Verdict", "Scope", "Support", "Study"]


def verdicts(root: Path) -> list[dict[str, Any]]:
    """For each claim id, claim, verdict, scope, support (in words) and study.

    Args:
        root: Root folder of the repository.

    Raises:
        GlossbenchError: The study that judges a claim has not been run.
    """
    claims, rows = load_claims(root / "config"), []
    for key, study in {key: claim["judged_in"] for key, claim in claims.items()}.items():
        path = root / "results" / study / "claims.json"
        if not path.is_file():
            raise GlossbenchError(
                f"{path}: missing, and config/claims.yaml names {study} as the study that judges {key}"
            )
        judged = {row["id"]: row for row in json.loads(path.read_text(encoding="utf-8"))}[key]
        about = {"id": key, "claim": judged["claim"], "verdict": judged["verdict"], "scope": judged["scope"]}
        rows.append({**about, "support": judged["support_text"], "study": study})
    return rows


def page(rows: list[dict[str, Any]]) -> str:
    """The verdicts as a Markdown page, each with a link to the page of its study."""
    table = [
        [row["id"], *(escaped(row[name] or DASH) for name in ("claim", "verdict", "scope", "support")), _link(row)]
        for row in rows
    ]
    return f"{LEAD}{pipe_table(HEADERS, table)}\n"


def as_json(rows: list[dict[str, Any]]) -> str:
    """The verdicts as JSON."""
    return json.dumps(rows, indent=1, ensure_ascii=False) + "\n"


def _link(row: dict[str, Any]) -> str:
    return f"[{row['study']}]({row['study']}/claims.md)"
