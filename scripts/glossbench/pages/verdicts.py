"""Makes results/verdicts.md and results/verdicts.json: each claim, with the verdict of the study that judges it.

Several studies of the repository measure a claim, on more or less of what it is about. config/claims.yaml names the one
whose verdict counts (``judged_in``).
"""

import json
from pathlib import Path
from typing import Any

from glossbench.evidence.claims.measurement import NOT_TESTED
from glossbench.evidence.text.json_text import to_json
from glossbench.evidence.text.markdown import escaped, pipe_table
from glossbench.evidence.text.numbers import DASH
from glossbench.settings.claims import Claim
from glossbench.settings.claims_file import load_claims

LEAD = """# Verdicts

Each claim, the paper's (C) and our own (N), judged by the study that `judged_in` in `config/claims.yaml` names. Written
by `make docs` from `results/*/claims.json`. Reasons, intervals and the rules for verdicts are on the page of the study.

"""
NOISE = "What the runs of a comparison can show:"
HEADERS = ["Claim", "What is claimed", "Verdict", "Scope", "Support", "Study"]


def judgement(root: Path, key: str, claim: Claim) -> dict[str, Any]:
    """What the study that judges a claim says of it, as in its claims.json; "not tested" before it is run."""
    folder = root / "results" / claim.judged_in
    if not (folder / "claims.json").is_file():
        return {"claim": claim.claim, "verdict": NOT_TESTED, "scope": None, "support_text": "", "noise": []}
    return judged_in(folder, key)


def judged_in(folder: Path, key: str) -> dict[str, Any]:
    """What a study says of a claim, whichever study the claim's verdict comes from."""
    (judged,) = (row for row in json.loads((folder / "claims.json").read_text(encoding="utf-8")) if row["id"] == key)
    return judged


def verdicts(root: Path) -> dict[str, str]:
    """The verdicts as a Markdown page, with links to the pages of the studies, and as JSON, by ending."""
    rows, table = [], []
    for key, claim in load_claims(root / "config").items():
        study, judged = claim.judged_in, judgement(root, key, claim)
        about = {"claim": judged["claim"], "verdict": judged["verdict"], "scope": judged["scope"]}
        about["support"] = judged["support_text"]
        rows.append({"id": key, **about, "noise": judged["noise"], "study": study})
        page = f"{study}/claims.md"
        where = f"[{study}]({page})" if (root / "results" / page).is_file() else study
        table.append([key, *(escaped(text or DASH) for text in about.values()), where])
    noise = "\n".join(f"- {row['id']}: {escaped('. '.join(row['noise']))}." for row in rows if row["noise"])
    return {"md": f"{LEAD}{pipe_table(HEADERS, table)}\n\n{NOISE}\n\n{noise}\n", "json": to_json(rows)}
